BEGIN TRANSACTION;
CREATE TABLE effect (
	seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	at INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	ticket_id TEXT, 
	idempotency_key TEXT, 
	body TEXT NOT NULL
);
INSERT INTO "effect" VALUES(1,1771589220000000,'create_ticket','1001','tr1-953b2048727cba523959c2de7de7b306e5f2c150d2df1d0d353a4c20b2c1a2c3','{"description":"from-backup 3% free\n\nLabels:\n  alertname: from-backup\n  severity: warning\n\nStarted: 2026-02-20 12:00:00 UTC\n\nTicketrelay trm820c969ccc2a8b8894cf5daf5f4056a9","priority":"medium","subject":"from-backup 3% free"}');
INSERT INTO "effect" VALUES(2,1771589220000000,'create_ticket','1002','tr1-63ef9126b645084435995d764844b568a6562361a3ba4ad35acc91efc04373d3','{"description":"disk 3% free\n\nLabels:\n  alertname: disk\n  severity: warning\n\nStarted: 2026-02-20 12:07:00 UTC\n\nTicketrelay trme8af16d5259446f062c6e2c3d9e831af","priority":"medium","subject":"disk 3% free"}');
INSERT INTO "effect" VALUES(3,1771589220000000,'create_ticket','1003','tr1-bddbbbb8625af56fdca3de5c9d7eed07767417dda6e6cd14b205b391d08dc23d','{"description":"over 3% free\n\nLabels:\n  alertname: over\n  severity: warning\n\nStarted: 2026-02-20 12:07:00 UTC\n\nTicketrelay trm39eb9ce0a3d6525a154514046b8abd6b","priority":"medium","subject":"over 3% free"}');
INSERT INTO "effect" VALUES(4,1771589220000000,'add_note','1002','tr1-8c14d8086f27a6330a268eaba0fc881a6e5cbbd60e82a6d08245a499846dcc7f','{"body":"It changed at prom.\n\ndisk 2% free\n\nLabels:\n  alertname: disk\n  severity: warning\n\nStarted: 2026-02-20 12:07:00 UTC","private":false}');
INSERT INTO "effect" VALUES(5,1771589280000000,'close_ticket','1002','tr1-f1d5b919a9331ecb32a695a2d89b79e47455dd8c7974f659c9a5a4135b2151a2','{"resolution_notes":"Resolved at 2026-02-20 12:08:00 UTC, says prom.\n\ndisk all well\n\nLabels:\n  alertname: disk\n  severity: warning\n\nStarted: 2026-02-20 12:07:00 UTC\nEnded: 2026-02-20 12:08:00 UTC"}');
INSERT INTO "effect" VALUES(6,1771589400000000,'reopen_ticket','1002',NULL,'{"status":"open"}');
INSERT INTO "effect" VALUES(7,1771589400000000,'add_note','1002','tr1-c86616de2bf09f60b45314c73bc40dd56c73adc55f88e2fb30289ab0be172617','{"body":"Opened again at 2026-02-20 12:10:00 UTC.\n\ndisk 3% free\n\nLabels:\n  alertname: disk\n  severity: warning\n\nStarted: 2026-02-20 12:10:00 UTC","private":false}');
INSERT INTO "effect" VALUES(8,1771589400000000,'close_ticket','1003','tr1-be278fb20a05fa7e8694699f61c38ece322c5be5af0916215bb236dec100bd0b','{"resolution_notes":"Resolved at 2026-02-20 12:10:00 UTC, says prom.\n\nover all well\n\nLabels:\n  alertname: over\n  severity: warning\n\nStarted: 2026-02-20 12:07:00 UTC\nEnded: 2026-02-20 12:10:00 UTC"}');
INSERT INTO "effect" VALUES(9,1771607400000000,'create_ticket','1004','tr1-49eefd727314697e9e296c9ab20fffeb4addb5b9575d2dda8e72e30453ccedf7','{"description":"over 3% free\n\nLabels:\n  alertname: over\n  severity: warning\n\nStarted: 2026-02-20 17:10:00 UTC\n\nTicketrelay trm9379f34a0fd3add3dea79937d9d3e519","priority":"medium","subject":"over 3% free"}');
INSERT INTO "effect" VALUES(10,1771607400000000,'create_ticket','1005','tr1-be11caa6e4cdca437c66acad6aba1074ea02d27f6e3880bd262631f130a87be8','{"description":"From: grace@staff.example.net\n\nIt is ours.\n\nTicketrelay trmfdd49ae0734ce094fadf008a3488c690","priority":"medium","subject":"The gate"}');
INSERT INTO "effect" VALUES(11,1771607400000000,'create_ticket','1006','tr1-4921333f45b4028d207011e34e189be15bed150e1086a7fb049db8046eeb70e6','{"description":"From: ada@customer.example\n\nIt squeaks.\n\nTicketrelay trm88b0db1e6250860102444fa4d2f3eddf","priority":"medium","subject":"The door"}');
INSERT INTO "effect" VALUES(12,1771607400000000,'add_note','1005','tr1-87f9903284d797e9cd0f74130d8b6d40e46a0498c920d6e5aa504103f12547fd','{"body":"From: grace@staff.example.net\n\n#priority high\n\nLook at it.","private":false}');
INSERT INTO "effect" VALUES(13,1771607400000000,'add_note','1006','tr1-fecfc2d853d08af78643ea22ff337d214262619beabf1c544b66b9bc30efdfec','{"body":"From: ada@customer.example\n\nIt still does.","private":false}');
INSERT INTO "effect" VALUES(14,1771607400000000,'create_ticket','1007','tr1-860f7c2cf48582b35cfa2fb11c28aa2a4a99953c77055039cfc7b4e05b7217c7','{"description":"From: Support <support@example.net>\n\nWe have it.\n\nTicketrelay trm5b212f1df0c921ff9335291d73c6ef8c","priority":"medium","subject":"Your ticket"}');
INSERT INTO "effect" VALUES(15,1771607400000000,'update_ticket','1005',NULL,'{"priority":"high"}');
INSERT INTO "effect" VALUES(16,1771607400000000,'add_note','1007','tr1-913a938a1dcb6bba45fddd326ac7973493366e96d607bfd9c3b7ef84dd993090','{"body":"From: Ada Byron <ada@customer.example>\n\nI am back on Monday.","private":true}');
INSERT INTO "effect" VALUES(17,1771607400000000,'create_ticket','1008','tr1-0ef7c84fa51cd42ecf461099dc584afbaf8e2bdbe12a0514fe723b2378e17146','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trm68df34c51d7b3a3db0dacb21c47789a4","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(18,1771607400000000,'create_ticket','1009','tr1-e1b86d2e30629b4e78602f6c3973ab776b2f166a37a440d3c819a74b266f6b1e','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trm117a95744ce045246a92bfefcfa1fc46","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(19,1771607400000000,'create_ticket','1010','tr1-c25d951b9420d1df2c56abe443588e50392c15e157e03b56b6378727d5a36f89','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trm40e4cf60bd9e0c2076f129799e9d7d65","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(20,1771607400000000,'create_ticket','1011','tr1-54b24058495c8f77eb7512550b89b45a1604ca646647e35da9798a9d6d2dc2c9','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trme48a783202b49780630bddac95940cbc","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(21,1771607400000000,'create_ticket','1012','tr1-df07cb8583a7b5d53c88db8d8a6c6b253b7e2cd2abcc0f94365bc85419927fe3','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trm1d000cb94e38ab2e9ede60ff84a782ce","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(22,1771607400000000,'create_ticket','1013','tr1-3d8b6efdc644f442111cc3e0c8c646f0eb769046393082c9d09de38ad1fb5c7a','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trm28764f9809e7b9678a97ad3574ce0b6d","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(23,1771607400000000,'create_ticket','1014','tr1-020ded14c8067623b17aa0ea5dacd936019dab3f6f9b5bc07116d00a81fd2617','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trm8dbe5ead630b7b5725ebd3653044bfe1","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(24,1771607400000000,'create_ticket','1015','tr1-4a4baddff16efa188806fc2de7e5f0e4ae5961cc99cbce6ad91d0a3c2a74ee99','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trmc0dd9f821cae761b52199924a1d2f292","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(25,1771607400000000,'create_ticket','1016','tr1-8d94035ac4077544e623d918c7206684a854917d429ff402ba683e456bca32e1','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trmb370b2ef7e12a0a32d4ce03ca9fd291c","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(26,1771607400000000,'create_ticket','1017','tr1-159e8b7b2e3bc54d72859363f798bec394298de4407182002fc1ec765459b9bf','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trm787d8662e020793ad4dedd607397cc32","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(27,1771607400000000,'create_ticket','1018','tr1-67eba1839f081e372293a3bebaf8b18d624568870d9f90a2d241ca90c40673cd','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trm879cfe1af87be247708ffa68cd0840e3","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(28,1771607400000000,'create_ticket','1019','tr1-a07cf3a0a229cfba413dcb9e754179723a3662e2c4fe4f49568d17958c8ccedb','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trm8eaf24f32d02b28a7cdd11c89b9f2c34","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(29,1771607400000000,'create_ticket','1020','tr1-75fa7468ffb5ce9aa4aa2b586c1365a5c93fe5a2b821155dc8e4511acd3e11ab','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trmc3c6307fd3f3d394ff3ecc502f3bb938","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(30,1771607400000000,'create_ticket','1021','tr1-f0b17e03b62bc502a4307a86ebfada9400ce0cef5aae4e0895af7519b842d394','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trmb18088269174512ef75a9ca85c4fbce4","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(31,1771607400000000,'create_ticket','1022','tr1-79707014a2faf4921baaca4cbe93ffa6d0d9e4c8af697caabfcfecaa75e00691','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trm05df1ace349472ef4c5f1a53a1f6e8f1","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(32,1771607400000000,'create_ticket','1023','tr1-0ae15c081260c1bff57a030c225a99de71020a93427f2f1e4a8910ebeaba2231','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trmaef693784b5725cc75f483e701e64f89","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(33,1771607400000000,'create_ticket','1024','tr1-8f384b46259923091165a92e273775b206838a4c07b99e8c582945dfc8b7e9ed','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trm1d9c3bc0280169fa1ab969b9b53dcf02","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(34,1771607400000000,'create_ticket','1025','tr1-5a6192772790b97a23917a643017eb5891e995d554887e0ccc6d85be75fdb2e2','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trmcc227d6b837d0d1018752d9f958d0c89","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(35,1771607400000000,'create_ticket','1026','tr1-774b10bd9521c35d916dfcc584cb906c353f65d20dbf90aefb1c01cd21388380','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trm02e9ee225d60b879412042d882c5f705","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(36,1771607400000000,'create_ticket','1027','tr1-9794a49316345007a278d10f1a436d9ea609819e2d4972d15b926e8ee42c617a','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trm79b177730b078d83c698089177e62bee","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(37,1771607400000000,'add_note','1027','tr1-107dbc7373e25bfafff39d69e5f5a0eaf9aabad4301fc886fd258b94e9859ab5','{"body":"More than 20 messages with this sender and subject came in 60 minutes, as when two automatic answers face each other. This one, and those that follow, are only recorded.\n\nFrom: robot@else.example\n\nI am away.","private":true}');
INSERT INTO "effect" VALUES(38,1771607400000000,'create_ticket','1028','tr1-540d89cdd76e71859be4a543c9fe6cc76cabec41ff3903f9e9157f8db2336065','{"description":"late 3% free\n\nLabels:\n  alertname: late\n  severity: warning\n\nStarted: 2026-02-20 17:10:00 UTC\n\nTicketrelay trm37500bc809b40d8e69b8138ab96a88a8","priority":"medium","subject":"late 3% free"}');
INSERT INTO "effect" VALUES(39,1771607402000000,'create_ticket','1029',NULL,'{"subject":"By hand","description":"bound is full"}');
INSERT INTO "effect" VALUES(40,1771607402000000,'create_ticket','1030','tr1-28ca009ae6c2b1498ffec6c12125979b3e8e0a36b47aca671889fe496569fa07','{"description":"What was meant\n\nTicketrelay trmccb3b7d6236f3bae34371570f73bea5a","subject":"Edited by a person"}');
INSERT INTO "effect" VALUES(41,1771607402000000,'create_ticket','1031','tr1-0f20fb8b7a0d9c9fccbcb06ca265692315b8c9d8874c169eee2252659dddcfa1','{"description":"in-vain 3% free\n\nLabels:\n  alertname: in-vain\n  severity: info\n\nStarted: 2026-02-20 17:10:02 UTC\n\nTicketrelay trm0dd2f36525ec44346988e6d2e3db02cb","priority":"low","subject":"in-vain 3% free"}');
INSERT INTO "effect" VALUES(42,1771607402000000,'create_ticket','1032','tr1-4530144a68d8d83bab336710dd9964fe52950a57f97f2e629a94ba8e89383866','{"description":"note-refused 3% free\n\nLabels:\n  alertname: note-refused\n  severity: page\n\nStarted: 2026-02-20 17:10:02 UTC\n\nTicketrelay trm0ef90f424f111046fc0f17606558b874","priority":"urgent","subject":"note-refused 3% free"}');
INSERT INTO "effect" VALUES(43,1771607404500000,'create_ticket','1033','tr1-b78e8858403dc8926b73b238708e4d602f07d8230e4c8e6b99c49db6cc6eab4f','{"description":"retried 3% free\n\nLabels:\n  alertname: retried\n  severity: warning\n\nStarted: 2026-02-20 17:10:00 UTC\n\nTicketrelay trm4ca3c00e29fe81fafc1f31bace0a9e33","priority":"medium","subject":"retried 3% free"}');
INSERT INTO "effect" VALUES(44,1771607404500000,'update_ticket','1032',NULL,'{"priority":"medium"}');
INSERT INTO "effect" VALUES(45,1771607494500000,'create_ticket','1034','tr1-32de238ad3b84e0c9a5e9c6b0f2f33c1574c51a5ae0a841f246f31314e9f56da','{"description":"swallowed 3% free\n\nLabels:\n  alertname: swallowed\n  severity: warning\n\nStarted: 2026-02-20 17:11:34 UTC\n\nTicketrelay trmb63c39fba5375d370ea8ff95cecc6c90","priority":"medium","subject":"swallowed 3% free"}');
INSERT INTO "effect" VALUES(46,1771607494500000,'create_ticket','1035','tr1-24c66aab65a9fc08b97e503dbfb7dc9244d9fc269718598d31106053f6ea00dc','{"description":"adopted 3% free\n\nLabels:\n  alertname: adopted\n  severity: warning\n\nStarted: 2026-02-20 17:11:34 UTC\n\nTicketrelay trmd0155593c423244062502bbe980e07aa","priority":"medium","subject":"adopted 3% free"}');
INSERT INTO "effect" VALUES(47,1771607494500000,'create_ticket','1036','tr1-85c03fd5564a9b9d059ede3e280789aa694259613ad5f2c8bfadd56894bc8ae1','{"description":"touched 3% free\n\nLabels:\n  alertname: touched\n  severity: warning\n\nStarted: 2026-02-20 17:11:34 UTC\n\nTicketrelay trm7544acab8801b8faf90e41991a717128","priority":"medium","subject":"touched 3% free"}');
INSERT INTO "effect" VALUES(48,1771697494500000,'update_ticket','1036',NULL,'{"description":"touched 3% free\n\nLabels:\n  alertname: touched\n  severity: warning\n\nStarted: 2026-02-20 17:11:34 UTC\n\nTicketrelay trm7544acab8801b8faf90e41991a717128\n\nA person wrote below it."}');
INSERT INTO "effect" VALUES(49,1771697494500000,'create_ticket','1037','tr1-90935feca6ca71e4b86425d5ff3fbc60cb1b0727a909e9ed9758313299e90270','{"description":"absent 3% free\n\nLabels:\n  alertname: absent\n  severity: warning\n\nStarted: 2026-02-20 17:11:34 UTC\n\nTicketrelay trmc83e66918ecaf0d8bfcd9b33ee66ee80","priority":"medium","subject":"absent 3% free"}');
INSERT INTO "effect" VALUES(50,1771697494500000,'create_ticket','1038','tr1-b06a76b7b3b90a42c832953d4cc3069e122b19c49843e6db4928e8b2b32673c1','{"description":"closed-in-doubt 3% free\n\nLabels:\n  alertname: closed-in-doubt\n  severity: warning\n\nStarted: 2026-02-21 18:11:34 UTC\n\nTicketrelay trmacc82e1efe71070d74dca714f9cd0c82","priority":"medium","subject":"closed-in-doubt 3% free"}');
INSERT INTO "effect" VALUES(51,1771697494500000,'close_ticket','1038','tr1-941f25ea3f73ab4b47ce69034f6bb282240ad9e035529113c8886bffb0f3cf59','{"resolution_notes":"Resolved at 2026-02-21 18:11:34 UTC, says prom.\n\nclosed-in-doubt all well\n\nLabels:\n  alertname: closed-in-doubt\n  severity: warning\n\nStarted: 2026-02-21 18:11:34 UTC\nEnded: 2026-02-21 18:11:34 UTC"}');
INSERT INTO "effect" VALUES(52,1771697555000000,'create_ticket','1039','tr1-4e18a5ce307d9c2a85cd996a048d27db9769d6675065af238a57eaaa4258d127','{"description":"people-pending 3% free\n\nLabels:\n  alertname: people-pending\n  severity: warning\n\nStarted: 2026-02-21 18:12:35 UTC\n\nTicketrelay trmff688772153979ba8222aa32cd30b59e","priority":"medium","subject":"people-pending 3% free"}');
INSERT INTO "effect" VALUES(53,1771697555000000,'create_ticket','1040','tr1-a2714f26d97ade48aaca7c569fb6a656ff61155ef8031537449bb41884db3b01','{"description":"people-by-hand-resolved 3% free\n\nLabels:\n  alertname: people-by-hand-resolved\n  severity: warning\n\nStarted: 2026-02-21 18:12:35 UTC\n\nTicketrelay trm31dafcfab1005096516aba607ca1c71c","priority":"medium","subject":"people-by-hand-resolved 3% free"}');
INSERT INTO "effect" VALUES(54,1771697555000000,'create_ticket','1041','tr1-c99b9d50f099902eafd106af2751d09bfeae5f1c8018c59a97ae7f8c21f776e3','{"description":"people-by-hand-closed 3% free\n\nLabels:\n  alertname: people-by-hand-closed\n  severity: warning\n\nStarted: 2026-02-21 18:12:35 UTC\n\nTicketrelay trmae09af5fbace2c60c84e06be8279e50d","priority":"medium","subject":"people-by-hand-closed 3% free"}');
INSERT INTO "effect" VALUES(55,1771697555000000,'create_ticket','1042','tr1-d5b50c0c99e2162162aefc61a5e335f522a87cecef98e9418b9cdea6aff9ebf0','{"description":"people-wont-fix 3% free\n\nLabels:\n  alertname: people-wont-fix\n  severity: warning\n\nStarted: 2026-02-21 18:12:35 UTC\n\nTicketrelay trm19da79ec07232cf85ba329ca3d912d5b","priority":"medium","subject":"people-wont-fix 3% free"}');
INSERT INTO "effect" VALUES(56,1771697555000000,'create_ticket','1043','tr1-278e9411f27b1c72b27eda0ee8d7bcac5448a96a0d70789c0c49a740c1989158','{"description":"people-by-hand-reopened 3% free\n\nLabels:\n  alertname: people-by-hand-reopened\n  severity: warning\n\nStarted: 2026-02-21 18:12:35 UTC\n\nTicketrelay trm68bc489a5952b4bd857f1ffbb82b541a","priority":"medium","subject":"people-by-hand-reopened 3% free"}');
INSERT INTO "effect" VALUES(57,1771697555000000,'create_ticket','1044','tr1-8370a670f835d52dfb85312cff5d1f68c9d812f76d76d599a341562a3cbad7c0','{"description":"people-gone 3% free\n\nLabels:\n  alertname: people-gone\n  severity: warning\n\nStarted: 2026-02-21 18:12:35 UTC\n\nTicketrelay trm551c7946861ef79fb5e83185a79a4449","priority":"medium","subject":"people-gone 3% free"}');
INSERT INTO "effect" VALUES(58,1771697915000000,'create_ticket','1045','tr1-d078143d6c7eb20cbff98660070df59fb2e124952c01ea7a7baecb2f71e029a7','{"description":"The text of this message is private. It is in the private notes of this ticket.\n\nTicketrelay trm028a284886ef71cde713bd668661a8b3","priority":"medium","subject":"A private message from chat"}');
INSERT INTO "effect" VALUES(59,1771697915000000,'add_note','1045','tr1-8c7fdab71d2f72ab30fb2e661b28d435e918bb740e7f9415585a38d05eba6f16','{"body":"Thread 0\n\nThread 0\n\nSlack: @U0ADA0001 in #C0HELP001, 2026-03-14 02:00:00 UTC","private":true}');
INSERT INTO "effect" VALUES(60,1771697915000000,'create_ticket','1046','tr1-42bb6235b4f5eb48ed0fe87cdb2dae929ed3e795da93580dda263e58a6f29bab','{"description":"The text of this message is private. It is in the private notes of this ticket.\n\nTicketrelay trm28a9fa9f8c76cf74e43e2e4f2b94ec93","priority":"medium","subject":"A private message from chat"}');
INSERT INTO "effect" VALUES(61,1771697915000000,'add_note','1046','tr1-1ec5efafdaac1bf7cec0e0c5da82892b0b70df25f4020c4e56ea67bc51feeb56','{"body":"Thread 1\n\nThread 1\n\nSlack: @U0ADA0001 in #C0HELP001, 2026-03-14 02:00:01 UTC","private":true}');
INSERT INTO "effect" VALUES(62,1771697915000000,'create_ticket','1047','tr1-8138a68f62e615b22f57df944db98e87fd993a53bc0d24bbe80c1abdfe922565','{"description":"The text of this message is private. It is in the private notes of this ticket.\n\nTicketrelay trmc9fb91ebb072b44c409227b87ad3e887","priority":"medium","subject":"A private message from chat"}');
INSERT INTO "effect" VALUES(63,1771697915000000,'add_note','1047','tr1-345a1621cbda6e258c93dfdf704c43a0cc53f2d7eab6137a0809a71628d51690','{"body":"Thread 2\n\nThread 2\n\nSlack: @U0ADA0001 in #C0HELP001, 2026-03-14 02:00:02 UTC","private":true}');
INSERT INTO "effect" VALUES(64,1771697915000000,'create_ticket','1048','tr1-aef1740576de652d012e8fcffb87f2ec25dbf88f8aa0f40438b4fce68b006f38','{"description":"The text of this message is private. It is in the private notes of this ticket.\n\nTicketrelay trm5324c99429c2a9671a0dcc0ac03c50af","priority":"medium","subject":"A private message from chat"}');
INSERT INTO "effect" VALUES(65,1771697915000000,'add_note','1048','tr1-add09eb03e2bcb78e445224064a51595db504359730d59f0536ad3de49626505','{"body":"Thread 3\n\nThread 3\n\nSlack: @U0ADA0001 in #C0HELP001, 2026-03-14 02:00:03 UTC","private":true}');
INSERT INTO "effect" VALUES(66,1771697915000000,'create_ticket','1049','tr1-a69a2635698552c0f628c36d53bdeb3bdff3f51a56a6f282b7625b57caf1a172','{"description":"The text of this message is private. It is in the private notes of this ticket.\n\nTicketrelay trmfc4fdfb02d6938cb28ef1b2a88c24fbf","priority":"medium","subject":"A private message from chat"}');
INSERT INTO "effect" VALUES(67,1771697915000000,'add_note','1049','tr1-99b9f8ff7ad514f78a19158476fa47e7d03de280e6c2ebf44df67b0de09292da','{"body":"Thread 4\n\nThread 4\n\nSlack: @U0ADA0001 in #C0HELP001, 2026-03-14 02:00:04 UTC","private":true}');
INSERT INTO "effect" VALUES(68,1771697915000000,'create_ticket','1050','tr1-eb3e2c2de4b44ae0fbfff1a2cbf7414ad7c45e9a08bb08942854a4e38c30d4b2','{"description":"One ticket for a group (team=core). What joins and leaves it later is in its notes.\n\ncore-a 3% free\n\ncore-a 3% free\n\nLabels:\n  alertname: core-a\n  severity: warning\n  team: core\n\nStarted: 2026-02-21 18:18:35 UTC\n\nTicketrelay trm87c9163f4e803d2aee099b42ef9572be","priority":"medium","subject":"team=core: core-a 3% free"}');
INSERT INTO "effect" VALUES(69,1771697915000000,'add_note','1050','tr1-387579b3c4664a06983219e85e22969059367abecda4e594b87987d74fd8cbc0','{"body":"core-b 3% free joined the group. Open now: 2.\n\ncore-b 3% free\n\nLabels:\n  alertname: core-b\n  severity: warning\n  team: core\n\nStarted: 2026-02-21 18:18:35 UTC","private":false}');
INSERT INTO "effect" VALUES(70,1771697915000000,'add_note','1050','tr1-43cc75c68b2fe01b3c44284b0e5e85c4330e61c55c55f1adfe592e549f8ec640','{"body":"core-c 3% free joined the group. Open now: 3.\n\ncore-c 3% free\n\nLabels:\n  alertname: core-c\n  severity: warning\n  team: core\n\nStarted: 2026-02-21 18:18:35 UTC","private":false}');
INSERT INTO "effect" VALUES(71,1771697915000000,'add_note','1050','tr1-7517f5534ad09023f5854e4cf3ceae674b7cb248b00ae5951952a0e5b1921734','{"body":"core-b all well left the group: it is resolved, says prom. Still open: 2.","private":false}');
INSERT INTO "effect" VALUES(72,1771697915000000,'create_ticket','1051','tr1-769345dd7c311e5dab2458c330306bceeece8b1690d7b84c350f2a3ce68665eb','{"description":"storm-0 3% free\n\nLabels:\n  alertname: storm-0\n  severity: warning\n  storm: yes\n\nStarted: 2026-02-21 18:18:35 UTC\n\nTicketrelay trm66cfd01d952c1fc8214e7c4c1e2c537f","priority":"medium","subject":"storm-0 3% free"}');
INSERT INTO "effect" VALUES(73,1771697915000000,'create_ticket','1052','tr1-aaf1a57bf708d2e4ef81155224c39130da36cf523bbfbea06cbc5120c2ee7931','{"description":"One ticket for a group (storm of prom (storm)). What joins and leaves it later is in its notes.\n\nstorm-2 3% free\n\nstorm-2 3% free\n\nLabels:\n  alertname: storm-2\n  severity: warning\n  storm: yes\n\nStarted: 2026-02-21 18:18:35 UTC\n\nTicketrelay trm950985e5929427eec8f1c5fb2a134e59","priority":"medium","subject":"storm of prom (storm): storm-2 3% free"}');
INSERT INTO "effect" VALUES(74,1771697915000000,'create_ticket','1053','tr1-51308f78ddf1aaa065f69e56e2115e99819c2ab02d67c03215f21caa25d267ed','{"description":"storm-1 3% free\n\nLabels:\n  alertname: storm-1\n  severity: warning\n  storm: yes\n\nStarted: 2026-02-21 18:18:35 UTC\n\nTicketrelay trmc4297bf59e017abbc5811ce1873f34e7","priority":"medium","subject":"storm-1 3% free"}');
INSERT INTO "effect" VALUES(75,1771697915000000,'add_note','1052','tr1-07d5ebc07483d17fd314d353005b2e139cca230ac1277edfd0e5f1457adfc4c5','{"body":"storm-3 3% free joined the group. Open now: 2.\n\nstorm-3 3% free\n\nLabels:\n  alertname: storm-3\n  severity: warning\n  storm: yes\n\nStarted: 2026-02-21 18:18:35 UTC","private":false}');
INSERT INTO "effect" VALUES(76,1771697915000000,'add_note','1052','tr1-5fc1700685ce765073717bcfedb2ef788a90fdce916fc33b54cff6a29406708b','{"body":"storm-4 3% free joined the group. Open now: 3.\n\nstorm-4 3% free\n\nLabels:\n  alertname: storm-4\n  severity: warning\n  storm: yes\n\nStarted: 2026-02-21 18:18:35 UTC","private":false}');
INSERT INTO "effect" VALUES(77,1771697915000000,'create_ticket','1054','tr1-5b0d3af735c5b5131f80d60b7467efd9c8fe7e44dfbe3152dc8ee18f40988bef','{"description":"beat 3% free\n\nLabels:\n  alertname: beat\n  severity: warning\n\nStarted: 2026-02-21 18:18:35 UTC\n\nTicketrelay trmb6fd6f9c79d73617b3c217894951379d","priority":"medium","subject":"beat 3% free"}');
INSERT INTO "effect" VALUES(78,1771705115000000,'create_ticket','1055','tr1-f65dc04a9af576b3ddd62e6ef990034c7e671e5f63939113b53a418110ee5d04','{"description":"Nothing came from beats since 2026-02-21 18:18:35 UTC; something is expected every 1:00:00.\n\nTicketrelay trmb403286ee20ce21fbe71f62364439c5f","priority":"high","subject":"beats has gone quiet"}');
INSERT INTO "effect" VALUES(79,1771705816000000,'create_ticket','1056','tr1-60a32c3ffcd676a89010ebca65175b4d8ac0c80724d89381241b11507e5701a6','{"description":"note-after 3% free\n\nLabels:\n  alertname: note-after\n  severity: warning\n\nStarted: 2026-02-21 20:30:16 UTC\n\nTicketrelay trmab56d65ce7ce7b3219e9464a67e58b6b","priority":"medium","subject":"note-after 3% free"}');
INSERT INTO "effect" VALUES(80,1771705816000000,'create_ticket','1057','tr1-0054caf03cb3a7699d814976df49476cb2c91b84f573251539380df306ac4203','{"description":"close-after 3% free\n\nLabels:\n  alertname: close-after\n  severity: warning\n\nStarted: 2026-02-21 20:30:16 UTC\n\nTicketrelay trm0c2f1aee672f194601d49c5a34bcae0a","priority":"medium","subject":"close-after 3% free"}');
INSERT INTO "effect" VALUES(81,1771705816000000,'create_ticket','1058','tr1-9a3a665955c0699999b73b90062c70063e1b0835b5b8835f5deae2d8cb5ca076','{"description":"reopen-after 3% free\n\nLabels:\n  alertname: reopen-after\n  severity: warning\n\nStarted: 2026-02-21 20:30:16 UTC\n\nTicketrelay trm42a4456fed5e302ccd54ea47c0083c15","priority":"medium","subject":"reopen-after 3% free"}');
INSERT INTO "effect" VALUES(82,1771705816000000,'create_ticket','1059','tr1-4ce8471456868b544aac5e5329269714090937c64e28fdd60989ef00c9734caa','{"description":"note-before 3% free\n\nLabels:\n  alertname: note-before\n  severity: warning\n\nStarted: 2026-02-21 20:30:16 UTC\n\nTicketrelay trmddbf532db71bb86a45e67b628e94a6ab","priority":"medium","subject":"note-before 3% free"}');
INSERT INTO "effect" VALUES(83,1771705816000000,'create_ticket','1060','tr1-3682fa985181792ef05014d4ede893cbbff6930c3ad132958ea0bf843d45b846','{"description":"close-before 3% free\n\nLabels:\n  alertname: close-before\n  severity: warning\n\nStarted: 2026-02-21 20:30:16 UTC\n\nTicketrelay trmcf46fb0b8482e6ee5c1179fbd804cacc","priority":"medium","subject":"close-before 3% free"}');
INSERT INTO "effect" VALUES(84,1771705816000000,'create_ticket','1061','tr1-17fcbeb7521e13706bd96eba1feca8d805e74a0121c6ced3a93956ba6d32e960','{"description":"reopen-before 3% free\n\nLabels:\n  alertname: reopen-before\n  severity: warning\n\nStarted: 2026-02-21 20:30:16 UTC\n\nTicketrelay trm04dc264e76dfe6f4cb04f6f1e1c3486e","priority":"medium","subject":"reopen-before 3% free"}');
INSERT INTO "effect" VALUES(85,1771705816000000,'close_ticket','1058','tr1-4e804c15f5015787b915caf0077587e6fc4efca44ac4be60dd6cb356bf28001c','{"resolution_notes":"Resolved at 2026-02-21 20:30:16 UTC, says prom.\n\nreopen-after all well\n\nLabels:\n  alertname: reopen-after\n  severity: warning\n\nStarted: 2026-02-21 20:30:16 UTC\nEnded: 2026-02-21 20:30:16 UTC"}');
INSERT INTO "effect" VALUES(86,1771705816000000,'close_ticket','1061','tr1-0d781bb5ebee17a17aae9ca2d7adabe9e2b2012181a1f2789ae6e870e18697c4','{"resolution_notes":"Resolved at 2026-02-21 20:30:16 UTC, says prom.\n\nreopen-before all well\n\nLabels:\n  alertname: reopen-before\n  severity: warning\n\nStarted: 2026-02-21 20:30:16 UTC\nEnded: 2026-02-21 20:30:16 UTC"}');
INSERT INTO "effect" VALUES(87,1771705816000000,'create_ticket','1062','tr1-384ac88025103ece201e9a449e633c6ad9c60467d5d1855c149e98ad1599595a','{"description":"From: grace@staff.example.net\n\nIt is slow.\n\nTicketrelay trm309f0b1c11d4519bc5dbede6ce6957f3","priority":"medium","subject":"Slow after"}');
INSERT INTO "effect" VALUES(88,1771705816000000,'create_ticket','1063','tr1-5ce4334455da5a58d1f303d0d279bb64c6f745cf77cec2ecebb0a0ec929fe415','{"description":"From: grace@staff.example.net\n\nIt is slow.\n\nTicketrelay trm185a7a6caf8cae2704e03c03462f0428","priority":"medium","subject":"Slow before"}');
INSERT INTO "effect" VALUES(89,1771705876000000,'create_ticket','1064','tr1-5f1ff33b5e05791d2f18d0e5ca98799b5976beda549507fd7b81d1ce9e914428','{"description":"waiting-0 3% free\n\nLabels:\n  alertname: waiting-0\n  severity: warning\n\nStarted: 2026-02-21 20:31:16 UTC\n\nTicketrelay trmd87611db390adce2d2c0a14139657c80","priority":"medium","subject":"waiting-0 3% free"}');
INSERT INTO "effect" VALUES(90,1771705876000000,'create_ticket','1065','tr1-d8ba7f4e428cd44c6ee46394134fe7dc4a09da73a7372a41fd965a23f954fae8','{"description":"waiting-1 3% free\n\nLabels:\n  alertname: waiting-1\n  severity: warning\n\nStarted: 2026-02-21 20:31:16 UTC\n\nTicketrelay trm9a6454dce731349dcc89faa7b7ec6e0b","priority":"medium","subject":"waiting-1 3% free"}');
INSERT INTO "effect" VALUES(91,1771705876000000,'create_ticket','1066','tr1-592200956e480bcfc5a96334beccc93d28552cb707b83db17e0105b524db28c5','{"description":"waiting-2 3% free\n\nLabels:\n  alertname: waiting-2\n  severity: warning\n\nStarted: 2026-02-21 20:31:16 UTC\n\nTicketrelay trmce439451042eeae0c8d0a840d0fe8f36","priority":"medium","subject":"waiting-2 3% free"}');
INSERT INTO "effect" VALUES(92,1771705876000000,'create_ticket','1067','tr1-2a16694d46b31c3cda5c53995dc5c4f4084e50afdecfd215b0345c3f061343e6','{"description":"waiting-3 3% free\n\nLabels:\n  alertname: waiting-3\n  severity: warning\n\nStarted: 2026-02-21 20:31:16 UTC\n\nTicketrelay trm7a615051d2ab39038b3d49675cd97f5b","priority":"medium","subject":"waiting-3 3% free"}');
INSERT INTO "effect" VALUES(93,1771705876000000,'create_ticket','1068','tr1-c2ddbc264383ff13f5795efad4d078176d26adf6c18ae2c512cd97c09ed3286c','{"description":"waiting-4 3% free\n\nLabels:\n  alertname: waiting-4\n  severity: warning\n\nStarted: 2026-02-21 20:31:16 UTC\n\nTicketrelay trm4b0b1dd1b4a47f4eee7910eb5974e3e3","priority":"medium","subject":"waiting-4 3% free"}');
INSERT INTO "effect" VALUES(94,1771705876000000,'create_ticket','1069','tr1-730855bc88cdcad633b8b5b844d8adfc4789dab34a675a027b7a248bea8f15f0','{"description":"waiting-5 3% free\n\nLabels:\n  alertname: waiting-5\n  severity: warning\n\nStarted: 2026-02-21 20:31:16 UTC\n\nTicketrelay trmea73d1ef42404de552a737438c598296","priority":"medium","subject":"waiting-5 3% free"}');
INSERT INTO "effect" VALUES(95,1771705876000000,'create_ticket','1070','tr1-0561de1de49ceeef887a7b8c4d929993fcbdacc071044fc0b354fc104d73929e','{"description":"waiting-6 3% free\n\nLabels:\n  alertname: waiting-6\n  severity: warning\n\nStarted: 2026-02-21 20:31:16 UTC\n\nTicketrelay trma096c17699beabdc60f94cc58bf0673d","priority":"medium","subject":"waiting-6 3% free"}');
INSERT INTO "effect" VALUES(96,1771705876000000,'create_ticket','1071','tr1-89c0e9f38ec8b078d8d7aa9341ac58904cd432d102d830aa5f2e4bb623fc51c3','{"description":"waiting-7 3% free\n\nLabels:\n  alertname: waiting-7\n  severity: warning\n\nStarted: 2026-02-21 20:31:16 UTC\n\nTicketrelay trm69581fb67ad0cbec35ad70a83a3fd63a","priority":"medium","subject":"waiting-7 3% free"}');
INSERT INTO "effect" VALUES(97,1771705876000000,'create_ticket','1072','tr1-47976921b602d17aa32e83fb921bace700f08fedac4e4b94f2c96de96e51578e','{"description":"waiting-8 3% free\n\nLabels:\n  alertname: waiting-8\n  severity: warning\n\nStarted: 2026-02-21 20:31:16 UTC\n\nTicketrelay trm8decf9a1dba6f84ebe231fa064383384","priority":"medium","subject":"waiting-8 3% free"}');
INSERT INTO "effect" VALUES(98,1771705876000000,'create_ticket','1073','tr1-a70dd3bb4bb92cb353a30ad23d2fa07a3d8877bce82ca48bdacd90b121b732eb','{"description":"waiting-9 3% free\n\nLabels:\n  alertname: waiting-9\n  severity: warning\n\nStarted: 2026-02-21 20:31:16 UTC\n\nTicketrelay trmeedaa425f92e7ebd629947ba35d8b6cc","priority":"medium","subject":"waiting-9 3% free"}');
INSERT INTO "effect" VALUES(99,1771705876000000,'create_ticket','1074','tr1-fbeda460a995bf3c436438eac37b5ae0157ddfbe6303815913a287cd03eedfd2','{"description":"waiting-10 3% free\n\nLabels:\n  alertname: waiting-10\n  severity: warning\n\nStarted: 2026-02-21 20:31:16 UTC\n\nTicketrelay trmc1d8a0d251b154f6713c05d1443cb671","priority":"medium","subject":"waiting-10 3% free"}');
INSERT INTO "effect" VALUES(100,1771705876000000,'create_ticket','1075','tr1-a69bee7acf4e287450216481cedf0511fd9987b512c029586ba24d1d7e7f1260','{"description":"waiting-11 3% free\n\nLabels:\n  alertname: waiting-11\n  severity: warning\n\nStarted: 2026-02-21 20:31:16 UTC\n\nTicketrelay trm34861f843132c209aa7fd3a79985dd7c","priority":"medium","subject":"waiting-11 3% free"}');
INSERT INTO "effect" VALUES(101,1771705876000000,'create_ticket','1076','tr1-15bc3979b7f263b79c3f5a458263646c09d7102232ff75a62729bea8194da57b','{"description":"new-after 3% free\n\nLabels:\n  alertname: new-after\n  severity: warning\n\nStarted: 2026-02-21 20:31:16 UTC\n\nTicketrelay trmb33b645925d728c80a58012083b1e72b","priority":"medium","subject":"new-after 3% free"}');
INSERT INTO "effect" VALUES(102,1771705876000000,'add_note','1056','tr1-86df0450a63e99ffc77ffd78ee1fbbfcbf23cc1b2ae0570b04ced40b59373f3b','{"body":"It changed at prom.\n\nnote-after 2% free\n\nLabels:\n  alertname: note-after\n  severity: warning\n\nStarted: 2026-02-21 20:30:16 UTC","private":false}');
INSERT INTO "effect" VALUES(103,1771705876000000,'close_ticket','1057','tr1-abbfd34b40f0eb6488c4b9a0c0b90875f0cf871fa730a942035bdda0affa5f31','{"resolution_notes":"Resolved at 2026-02-21 20:31:16 UTC, says prom.\n\nclose-after all well\n\nLabels:\n  alertname: close-after\n  severity: warning\n\nStarted: 2026-02-21 20:30:16 UTC\nEnded: 2026-02-21 20:31:16 UTC"}');
INSERT INTO "effect" VALUES(104,1771705876000000,'reopen_ticket','1058',NULL,'{"status":"open"}');
INSERT INTO "effect" VALUES(105,1771705876000000,'add_note','1062','tr1-f3da73c20e94ce25100e64fa878409602ef18d2c374c4820d6d0da35ba878c26','{"body":"From: grace@staff.example.net\n\n#priority high","private":false}');
INSERT INTO "effect" VALUES(106,1771705876000000,'update_ticket','1062',NULL,'{"priority":"high"}');
INSERT INTO "effect" VALUES(107,1771705876000000,'add_note','1063','tr1-327291e6679cee4877484a2ed2c926fe4a7fe363bfe9e6bf7f33b398907b5f42','{"body":"From: grace@staff.example.net\n\n#priority high","private":false}');
INSERT INTO "effect" VALUES(108,1771705880000000,'create_ticket','1077','tr1-946cf6508d164a7e2bed5b4bc0de0c5eab694c2ff516fb4695d408a300acc1de','{"description":"made-and-killed 3% free\n\nLabels:\n  alertname: made-and-killed\n  severity: warning\n\nStarted: 2026-02-21 20:31:20 UTC\n\nTicketrelay trm294b12049a3f8463ce48b5eca7bcce3d","priority":"medium","subject":"made-and-killed 3% free"}');
CREATE TABLE idempotency (
	api_key TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	fingerprint BLOB NOT NULL, 
	status INTEGER NOT NULL, 
	body BLOB NOT NULL, 
	at INTEGER NOT NULL, 
	PRIMARY KEY (api_key, "key")
);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-90935feca6ca71e4b86425d5ff3fbc60cb1b0727a909e9ed9758313299e90270',X'71E57BE00F4A47D58A9992015F51807F44A9001672D8FFD0C6C3DAE099EB28FC',201,X'7B226964223A313033372C227375626A656374223A22616273656E742033252066726565222C226465736372697074696F6E223A22616273656E7420332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A20616273656E745C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32302031373A31313A3334205554435C6E5C6E5469636B657472656C61792074726D6338336536363931386563616630643862666364396233336565363665653830222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31313A33345A227D',1771697494500000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-b06a76b7b3b90a42c832953d4cc3069e122b19c49843e6db4928e8b2b32673c1',X'036D8E2F4C0E5B6114F6120E9434FA679CED88E8A1288FE561876967EAC4EC32',201,X'7B226964223A313033382C227375626A656374223A22636C6F7365642D696E2D646F7562742033252066726565222C226465736372697074696F6E223A22636C6F7365642D696E2D646F75627420332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A20636C6F7365642D696E2D646F7562745C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312031383A31313A3334205554435C6E5C6E5469636B657472656C61792074726D6163633832653165666537313037306437346463613731346639636430633832222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31313A33345A227D',1771697494500000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-941f25ea3f73ab4b47ce69034f6bb282240ad9e035529113c8886bffb0f3cf59',X'0101D568BB2A0318F83F89FD06BBD03F07E336DB8F76A99EF8AE6E32F40463D9',200,X'7B226964223A313033382C227375626A656374223A22636C6F7365642D696E2D646F7562742033252066726565222C226465736372697074696F6E223A22636C6F7365642D696E2D646F75627420332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A20636C6F7365642D696E2D646F7562745C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312031383A31313A3334205554435C6E5C6E5469636B657472656C61792074726D6163633832653165666537313037306437346463613731346639636430633832222C22737461747573223A22636C6F736564222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31313A33345A227D',1771697494500000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-4e18a5ce307d9c2a85cd996a048d27db9769d6675065af238a57eaaa4258d127',X'1E78334136422451220933A295EFC11A50300AD0E25D479F8B9FC63069E145FF',201,X'7B226964223A313033392C227375626A656374223A2270656F706C652D70656E64696E672033252066726565222C226465736372697074696F6E223A2270656F706C652D70656E64696E6720332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2070656F706C652D70656E64696E675C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312031383A31323A3335205554435C6E5C6E5469636B657472656C61792074726D6666363838373732313533393739626138323232616133326364333062353965222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31323A33355A227D',1771697555000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-a2714f26d97ade48aaca7c569fb6a656ff61155ef8031537449bb41884db3b01',X'76F0185C4CA4DF557F54FF911E7167FB4DDA4C64A319A91042DD5907DD7474C4',201,X'7B226964223A313034302C227375626A656374223A2270656F706C652D62792D68616E642D7265736F6C7665642033252066726565222C226465736372697074696F6E223A2270656F706C652D62792D68616E642D7265736F6C76656420332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2070656F706C652D62792D68616E642D7265736F6C7665645C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312031383A31323A3335205554435C6E5C6E5469636B657472656C61792074726D3331646166636661623130303530393635313661626136303763613163373163222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31323A33355A227D',1771697555000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-c99b9d50f099902eafd106af2751d09bfeae5f1c8018c59a97ae7f8c21f776e3',X'334DD5C5064ECBD9C114199F43DB47CA5581E050684A290812BAB796DA69A167',201,X'7B226964223A313034312C227375626A656374223A2270656F706C652D62792D68616E642D636C6F7365642033252066726565222C226465736372697074696F6E223A2270656F706C652D62792D68616E642D636C6F73656420332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2070656F706C652D62792D68616E642D636C6F7365645C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312031383A31323A3335205554435C6E5C6E5469636B657472656C61792074726D6165303961663566626163653263363063383465303662653832373965353064222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31323A33355A227D',1771697555000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-d5b50c0c99e2162162aefc61a5e335f522a87cecef98e9418b9cdea6aff9ebf0',X'9EE8C712078C4DCCCCABF3EFA5F31F82A076DA6C4F05714CF1474689FB968A6E',201,X'7B226964223A313034322C227375626A656374223A2270656F706C652D776F6E742D6669782033252066726565222C226465736372697074696F6E223A2270656F706C652D776F6E742D66697820332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2070656F706C652D776F6E742D6669785C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312031383A31323A3335205554435C6E5C6E5469636B657472656C61792074726D3139646137396563303732333263663835626133323963613364393132643562222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31323A33355A227D',1771697555000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-278e9411f27b1c72b27eda0ee8d7bcac5448a96a0d70789c0c49a740c1989158',X'179205F4D617A5FE81834E28D33E765B44C8526497024071487EEAA184BCF4EF',201,X'7B226964223A313034332C227375626A656374223A2270656F706C652D62792D68616E642D72656F70656E65642033252066726565222C226465736372697074696F6E223A2270656F706C652D62792D68616E642D72656F70656E656420332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2070656F706C652D62792D68616E642D72656F70656E65645C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312031383A31323A3335205554435C6E5C6E5469636B657472656C61792074726D3638626334383961353935326234626438353766316666626238326235343161222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31323A33355A227D',1771697555000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-8370a670f835d52dfb85312cff5d1f68c9d812f76d76d599a341562a3cbad7c0',X'4E0626771233E8CDBAA31B800FDBBAC820E713043C7BDFDDE419595188335C88',201,X'7B226964223A313034342C227375626A656374223A2270656F706C652D676F6E652033252066726565222C226465736372697074696F6E223A2270656F706C652D676F6E6520332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2070656F706C652D676F6E655C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312031383A31323A3335205554435C6E5C6E5469636B657472656C61792074726D3535316337393436383631656637396662356538333138356137396134343439222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31323A33355A227D',1771697555000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-d078143d6c7eb20cbff98660070df59fb2e124952c01ea7a7baecb2f71e029a7',X'9D0CDB0E141A5E8C465838A149166F78A42595FD3D12EB4FD1FF3BC6F186635D',201,X'7B226964223A313034352C227375626A656374223A22412070726976617465206D6573736167652066726F6D2063686174222C226465736372697074696F6E223A225468652074657874206F662074686973206D65737361676520697320707269766174652E20497420697320696E207468652070726976617465206E6F746573206F662074686973207469636B65742E5C6E5C6E5469636B657472656C61792074726D3032386132383438383665663731636465373133626436363836363161386233222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-8c7fdab71d2f72ab30fb2e661b28d435e918bb740e7f9415585a38d05eba6f16',X'C17AE629F6E8885B31FACDCF25D2B697646EECC2AB857F98325DE2982BF1C4DB',201,X'7B226964223A372C227469636B65745F6964223A313034352C22626F6479223A2254687265616420305C6E5C6E54687265616420305C6E5C6E536C61636B3A204055304144413030303120696E2023433048454C503030312C20323032362D30332D31342030323A30303A303020555443222C2270726976617465223A747275652C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-42bb6235b4f5eb48ed0fe87cdb2dae929ed3e795da93580dda263e58a6f29bab',X'BE13714B3C0F9FEE92461AF6771F25FA86462C99556019E782D9A034767E285F',201,X'7B226964223A313034362C227375626A656374223A22412070726976617465206D6573736167652066726F6D2063686174222C226465736372697074696F6E223A225468652074657874206F662074686973206D65737361676520697320707269766174652E20497420697320696E207468652070726976617465206E6F746573206F662074686973207469636B65742E5C6E5C6E5469636B657472656C61792074726D3238613966613966386337366366373465343365326534663262393465633933222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-1ec5efafdaac1bf7cec0e0c5da82892b0b70df25f4020c4e56ea67bc51feeb56',X'71F126F61F58F4024892C4E84906121BE3386ED3433E483E18DF60D2371B523C',201,X'7B226964223A382C227469636B65745F6964223A313034362C22626F6479223A2254687265616420315C6E5C6E54687265616420315C6E5C6E536C61636B3A204055304144413030303120696E2023433048454C503030312C20323032362D30332D31342030323A30303A303120555443222C2270726976617465223A747275652C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-8138a68f62e615b22f57df944db98e87fd993a53bc0d24bbe80c1abdfe922565',X'0B88F48C55E7D61A16D28A3BEAA29F7595005E3CA76DB1FCDC73973D7D8BACF1',201,X'7B226964223A313034372C227375626A656374223A22412070726976617465206D6573736167652066726F6D2063686174222C226465736372697074696F6E223A225468652074657874206F662074686973206D65737361676520697320707269766174652E20497420697320696E207468652070726976617465206E6F746573206F662074686973207469636B65742E5C6E5C6E5469636B657472656C61792074726D6339666239316562623037326234346334303932323762383761643365383837222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-345a1621cbda6e258c93dfdf704c43a0cc53f2d7eab6137a0809a71628d51690',X'453A0A929B86393F3E439B73F5F6384EBF09161C944EDDCDD2AF65A4F57957DA',201,X'7B226964223A392C227469636B65745F6964223A313034372C22626F6479223A2254687265616420325C6E5C6E54687265616420325C6E5C6E536C61636B3A204055304144413030303120696E2023433048454C503030312C20323032362D30332D31342030323A30303A303220555443222C2270726976617465223A747275652C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-aef1740576de652d012e8fcffb87f2ec25dbf88f8aa0f40438b4fce68b006f38',X'4CF29F2939531AD199636850BA8903F4E97B5FBE51CCD37053FABF68844EF437',201,X'7B226964223A313034382C227375626A656374223A22412070726976617465206D6573736167652066726F6D2063686174222C226465736372697074696F6E223A225468652074657874206F662074686973206D65737361676520697320707269766174652E20497420697320696E207468652070726976617465206E6F746573206F662074686973207469636B65742E5C6E5C6E5469636B657472656C61792074726D3533323463393934323963326139363731613064636330616330336335306166222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-add09eb03e2bcb78e445224064a51595db504359730d59f0536ad3de49626505',X'B02706B95F076A5D310D983A4AAAC38DAB4814AA4052BF1D3AA2880C2E6C744A',201,X'7B226964223A31302C227469636B65745F6964223A313034382C22626F6479223A2254687265616420335C6E5C6E54687265616420335C6E5C6E536C61636B3A204055304144413030303120696E2023433048454C503030312C20323032362D30332D31342030323A30303A303320555443222C2270726976617465223A747275652C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-a69a2635698552c0f628c36d53bdeb3bdff3f51a56a6f282b7625b57caf1a172',X'A2C279CA7FFA6B3F4F64D3BC826C15D63BA4B5C81B72DDA0135E058EF87DC34D',201,X'7B226964223A313034392C227375626A656374223A22412070726976617465206D6573736167652066726F6D2063686174222C226465736372697074696F6E223A225468652074657874206F662074686973206D65737361676520697320707269766174652E20497420697320696E207468652070726976617465206E6F746573206F662074686973207469636B65742E5C6E5C6E5469636B657472656C61792074726D6663346664666230326436393338636232386566316232613838633234666266222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-99b9f8ff7ad514f78a19158476fa47e7d03de280e6c2ebf44df67b0de09292da',X'D27D83BFBF31D81677D1B967A1FA945F73E1B9BE97D9DEE3139048EB5F6BCEF7',201,X'7B226964223A31312C227469636B65745F6964223A313034392C22626F6479223A2254687265616420345C6E5C6E54687265616420345C6E5C6E536C61636B3A204055304144413030303120696E2023433048454C503030312C20323032362D30332D31342030323A30303A303420555443222C2270726976617465223A747275652C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-eb3e2c2de4b44ae0fbfff1a2cbf7414ad7c45e9a08bb08942854a4e38c30d4b2',X'217F5C148045EFC723DA516A60115A382B5E37F0B24A943C2DFA8C3C3E929530',201,X'7B226964223A313035302C227375626A656374223A227465616D3D636F72653A20636F72652D612033252066726565222C226465736372697074696F6E223A224F6E65207469636B657420666F7220612067726F757020287465616D3D636F7265292E2057686174206A6F696E7320616E64206C6561766573206974206C6174657220697320696E20697473206E6F7465732E5C6E5C6E636F72652D6120332520667265655C6E5C6E636F72652D6120332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A20636F72652D615C6E202073657665726974793A207761726E696E675C6E20207465616D3A20636F72655C6E5C6E537461727465643A20323032362D30322D32312031383A31383A3335205554435C6E5C6E5469636B657472656C61792074726D3837633931363366346538303364326165653039396234326566393537326265222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-387579b3c4664a06983219e85e22969059367abecda4e594b87987d74fd8cbc0',X'6BA9E4F6042358B35F7FD93D9022352E4AB5E0371F513B6A6C37F5D67F048D35',201,X'7B226964223A31322C227469636B65745F6964223A313035302C22626F6479223A22636F72652D622033252066726565206A6F696E6564207468652067726F75702E204F70656E206E6F773A20322E5C6E5C6E636F72652D6220332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A20636F72652D625C6E202073657665726974793A207761726E696E675C6E20207465616D3A20636F72655C6E5C6E537461727465643A20323032362D30322D32312031383A31383A333520555443222C2270726976617465223A66616C73652C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-43cc75c68b2fe01b3c44284b0e5e85c4330e61c55c55f1adfe592e549f8ec640',X'D3AF89218FFE28EF13DD368750EAB993E35C03C666C32BA9CB53DA40BC2B51D9',201,X'7B226964223A31332C227469636B65745F6964223A313035302C22626F6479223A22636F72652D632033252066726565206A6F696E6564207468652067726F75702E204F70656E206E6F773A20332E5C6E5C6E636F72652D6320332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A20636F72652D635C6E202073657665726974793A207761726E696E675C6E20207465616D3A20636F72655C6E5C6E537461727465643A20323032362D30322D32312031383A31383A333520555443222C2270726976617465223A66616C73652C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-7517f5534ad09023f5854e4cf3ceae674b7cb248b00ae5951952a0e5b1921734',X'70170504F8DB4B0A10D56DC851A8E6850C7C882CEC4487E1EAA3A2A8145A7E9F',201,X'7B226964223A31342C227469636B65745F6964223A313035302C22626F6479223A22636F72652D6220616C6C2077656C6C206C656674207468652067726F75703A206974206973207265736F6C7665642C20736179732070726F6D2E205374696C6C206F70656E3A20322E222C2270726976617465223A66616C73652C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-769345dd7c311e5dab2458c330306bceeece8b1690d7b84c350f2a3ce68665eb',X'59842824AB14120C3A8984A826464213B4DDF41B8571BD9228C609630312304B',201,X'7B226964223A313035312C227375626A656374223A2273746F726D2D302033252066726565222C226465736372697074696F6E223A2273746F726D2D3020332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2073746F726D2D305C6E202073657665726974793A207761726E696E675C6E202073746F726D3A207965735C6E5C6E537461727465643A20323032362D30322D32312031383A31383A3335205554435C6E5C6E5469636B657472656C61792074726D3636636664303164393532633166633832313465376334633165326335333766222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-aaf1a57bf708d2e4ef81155224c39130da36cf523bbfbea06cbc5120c2ee7931',X'650702F3C0A171371DB9E249B8BB38FCFF9A3EC2DE14297B45A42FBCDFE64DC2',201,X'7B226964223A313035322C227375626A656374223A2273746F726D206F662070726F6D202873746F726D293A2073746F726D2D322033252066726565222C226465736372697074696F6E223A224F6E65207469636B657420666F7220612067726F7570202873746F726D206F662070726F6D202873746F726D29292E2057686174206A6F696E7320616E64206C6561766573206974206C6174657220697320696E20697473206E6F7465732E5C6E5C6E73746F726D2D3220332520667265655C6E5C6E73746F726D2D3220332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2073746F726D2D325C6E202073657665726974793A207761726E696E675C6E202073746F726D3A207965735C6E5C6E537461727465643A20323032362D30322D32312031383A31383A3335205554435C6E5C6E5469636B657472656C61792074726D3935303938356535393239343237656563386631633566623261313334653539222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-51308f78ddf1aaa065f69e56e2115e99819c2ab02d67c03215f21caa25d267ed',X'C1B82BCE62C9E75B0C1A4296EEF78BA0C73D7321263A8249B95AFF06D9BC4CC2',201,X'7B226964223A313035332C227375626A656374223A2273746F726D2D312033252066726565222C226465736372697074696F6E223A2273746F726D2D3120332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2073746F726D2D315C6E202073657665726974793A207761726E696E675C6E202073746F726D3A207965735C6E5C6E537461727465643A20323032362D30322D32312031383A31383A3335205554435C6E5C6E5469636B657472656C61792074726D6334323937626635396530313761626263353831316365313837336633346537222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-07d5ebc07483d17fd314d353005b2e139cca230ac1277edfd0e5f1457adfc4c5',X'1B7EA21AE4BB03E875D6B6A067C59326C60E0E5F2BA95DE76B4813C14F561270',201,X'7B226964223A31352C227469636B65745F6964223A313035322C22626F6479223A2273746F726D2D332033252066726565206A6F696E6564207468652067726F75702E204F70656E206E6F773A20322E5C6E5C6E73746F726D2D3320332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2073746F726D2D335C6E202073657665726974793A207761726E696E675C6E202073746F726D3A207965735C6E5C6E537461727465643A20323032362D30322D32312031383A31383A333520555443222C2270726976617465223A66616C73652C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-5fc1700685ce765073717bcfedb2ef788a90fdce916fc33b54cff6a29406708b',X'FF2BC8FE03D55A7258C4A51565B22F6B7A15D7192643BB986C3943CD3ECF8636',201,X'7B226964223A31362C227469636B65745F6964223A313035322C22626F6479223A2273746F726D2D342033252066726565206A6F696E6564207468652067726F75702E204F70656E206E6F773A20332E5C6E5C6E73746F726D2D3420332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2073746F726D2D345C6E202073657665726974793A207761726E696E675C6E202073746F726D3A207965735C6E5C6E537461727465643A20323032362D30322D32312031383A31383A333520555443222C2270726976617465223A66616C73652C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-5b0d3af735c5b5131f80d60b7467efd9c8fe7e44dfbe3152dc8ee18f40988bef',X'9A5901E8B0D6455AF367EA05694671B8065081E7A45DDAC15F1E6948A5AC8CB2',201,X'7B226964223A313035342C227375626A656374223A22626561742033252066726565222C226465736372697074696F6E223A226265617420332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A20626561745C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312031383A31383A3335205554435C6E5C6E5469636B657472656C61792074726D6236666436663963373964373336313762336332313738393439353133373964222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-f65dc04a9af576b3ddd62e6ef990034c7e671e5f63939113b53a418110ee5d04',X'6F945920F89BA22A7B0586915B4E01491001F6F7331CD72321E6F2C797995E74',201,X'7B226964223A313035352C227375626A656374223A2262656174732068617320676F6E65207175696574222C226465736372697074696F6E223A224E6F7468696E672063616D652066726F6D2062656174732073696E636520323032362D30322D32312031383A31383A3335205554433B20736F6D657468696E6720697320657870656374656420657665727920313A30303A30302E5C6E5C6E5469636B657472656C61792074726D6234303332383665653230636532316662653731663632333634343339633566222C22737461747573223A226F70656E222C227072696F72697479223A2268696768222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A31383A33355A227D',1771705115000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-60a32c3ffcd676a89010ebca65175b4d8ac0c80724d89381241b11507e5701a6',X'7022C555748C635533A7DA5FB11F10C71610E355D4D3CE9F5B810F195A2D5BCD',201,X'7B226964223A313035362C227375626A656374223A226E6F74652D61667465722033252066726565222C226465736372697074696F6E223A226E6F74652D616674657220332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A206E6F74652D61667465725C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33303A3136205554435C6E5C6E5469636B657472656C61792074726D6162353664363563653763653762333231396539343634613637653538623662222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33303A31365A227D',1771705816000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-0054caf03cb3a7699d814976df49476cb2c91b84f573251539380df306ac4203',X'B98E04E9AC19747BFF139E8B838E32A0B709E6E96B41781B0134637DE193827F',201,X'7B226964223A313035372C227375626A656374223A22636C6F73652D61667465722033252066726565222C226465736372697074696F6E223A22636C6F73652D616674657220332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A20636C6F73652D61667465725C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33303A3136205554435C6E5C6E5469636B657472656C61792074726D3063326631616565363732663139343630316434396335613334626361653061222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33303A31365A227D',1771705816000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-9a3a665955c0699999b73b90062c70063e1b0835b5b8835f5deae2d8cb5ca076',X'F2F534388AF23D9C8D0E03348ACC0BAB7AFE3B7781B0A4383EA3B1023C9665E0',201,X'7B226964223A313035382C227375626A656374223A2272656F70656E2D61667465722033252066726565222C226465736372697074696F6E223A2272656F70656E2D616674657220332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2072656F70656E2D61667465725C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33303A3136205554435C6E5C6E5469636B657472656C61792074726D3432613434353666656435653330326363643534656134376330303833633135222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33303A31365A227D',1771705816000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-4ce8471456868b544aac5e5329269714090937c64e28fdd60989ef00c9734caa',X'EABFDB6E35F579A376868CE610B343F37DBE0BE9099648815945AB5702E46FE5',201,X'7B226964223A313035392C227375626A656374223A226E6F74652D6265666F72652033252066726565222C226465736372697074696F6E223A226E6F74652D6265666F726520332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A206E6F74652D6265666F72655C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33303A3136205554435C6E5C6E5469636B657472656C61792074726D6464626635333264623731626238366134356536376236323865393461366162222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33303A31365A227D',1771705816000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-3682fa985181792ef05014d4ede893cbbff6930c3ad132958ea0bf843d45b846',X'FF8EAF96A04C09F0A5C0F44E21E5F3D9B599809989CFFB17B9F7A9724BF87DFA',201,X'7B226964223A313036302C227375626A656374223A22636C6F73652D6265666F72652033252066726565222C226465736372697074696F6E223A22636C6F73652D6265666F726520332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A20636C6F73652D6265666F72655C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33303A3136205554435C6E5C6E5469636B657472656C61792074726D6366343666623062383438326536656535633131373966626438303463616363222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33303A31365A227D',1771705816000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-17fcbeb7521e13706bd96eba1feca8d805e74a0121c6ced3a93956ba6d32e960',X'DF53AA646C131FA2014A8BC34053F53E3B2A61C7C980345A7C8C8457F4B629B5',201,X'7B226964223A313036312C227375626A656374223A2272656F70656E2D6265666F72652033252066726565222C226465736372697074696F6E223A2272656F70656E2D6265666F726520332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2072656F70656E2D6265666F72655C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33303A3136205554435C6E5C6E5469636B657472656C61792074726D3034646332363465373664666536663463623034663666316531633334383665222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33303A31365A227D',1771705816000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-4e804c15f5015787b915caf0077587e6fc4efca44ac4be60dd6cb356bf28001c',X'BA7E82133DD885023A8EE32322F9BD504BE98F465645CE6D01E35D621BF3C330',200,X'7B226964223A313035382C227375626A656374223A2272656F70656E2D61667465722033252066726565222C226465736372697074696F6E223A2272656F70656E2D616674657220332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2072656F70656E2D61667465725C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33303A3136205554435C6E5C6E5469636B657472656C61792074726D3432613434353666656435653330326363643534656134376330303833633135222C22737461747573223A22636C6F736564222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33303A31365A227D',1771705816000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-0d781bb5ebee17a17aae9ca2d7adabe9e2b2012181a1f2789ae6e870e18697c4',X'21A5474FB123D0C925BC7818E5CF95532E2BA09217D89CBE518173A70801D35E',200,X'7B226964223A313036312C227375626A656374223A2272656F70656E2D6265666F72652033252066726565222C226465736372697074696F6E223A2272656F70656E2D6265666F726520332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2072656F70656E2D6265666F72655C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33303A3136205554435C6E5C6E5469636B657472656C61792074726D3034646332363465373664666536663463623034663666316531633334383665222C22737461747573223A22636C6F736564222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33303A31365A227D',1771705816000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-384ac88025103ece201e9a449e633c6ad9c60467d5d1855c149e98ad1599595a',X'30AA594B12C9C695C505478006CC91B93F17992EDB9AE9C5A4A1A89251498864',201,X'7B226964223A313036322C227375626A656374223A22536C6F77206166746572222C226465736372697074696F6E223A2246726F6D3A2067726163654073746166662E6578616D706C652E6E65745C6E5C6E497420697320736C6F772E5C6E5C6E5469636B657472656C61792074726D3330396630623163313164343531396263356462656465366365363935376633222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33303A31365A227D',1771705816000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-5ce4334455da5a58d1f303d0d279bb64c6f745cf77cec2ecebb0a0ec929fe415',X'E72AC44B91B0E03C61C6563CF09C41A079ED4945CC206DA0F59E7417ADC34A7A',201,X'7B226964223A313036332C227375626A656374223A22536C6F77206265666F7265222C226465736372697074696F6E223A2246726F6D3A2067726163654073746166662E6578616D706C652E6E65745C6E5C6E497420697320736C6F772E5C6E5C6E5469636B657472656C61792074726D3138356137613663616638636165323730346530336330333436326630343238222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33303A31365A227D',1771705816000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-5f1ff33b5e05791d2f18d0e5ca98799b5976beda549507fd7b81d1ce9e914428',X'81E56F177B4FD27D87231DA973977671FBF00A2A12965D3BF1BC24E8EED91E7B',201,X'7B226964223A313036342C227375626A656374223A2277616974696E672D302033252066726565222C226465736372697074696F6E223A2277616974696E672D3020332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2077616974696E672D305C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33313A3136205554435C6E5C6E5469636B657472656C61792074726D6438373631316462333930616463653264326330613134313339363537633830222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-d8ba7f4e428cd44c6ee46394134fe7dc4a09da73a7372a41fd965a23f954fae8',X'657405F9E1D334669C3518AE6CB178DAE9175641C1F7F8699D37226F970B140A',201,X'7B226964223A313036352C227375626A656374223A2277616974696E672D312033252066726565222C226465736372697074696F6E223A2277616974696E672D3120332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2077616974696E672D315C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33313A3136205554435C6E5C6E5469636B657472656C61792074726D3961363435346463653733313334396463633839666161376237656336653062222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-592200956e480bcfc5a96334beccc93d28552cb707b83db17e0105b524db28c5',X'1FF9E1BE89E2B2F18349BA0955A491F43AF899B4084057D246255F492D5E5600',201,X'7B226964223A313036362C227375626A656374223A2277616974696E672D322033252066726565222C226465736372697074696F6E223A2277616974696E672D3220332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2077616974696E672D325C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33313A3136205554435C6E5C6E5469636B657472656C61792074726D6365343339343531303432656561653063386430613834306430666538663336222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-2a16694d46b31c3cda5c53995dc5c4f4084e50afdecfd215b0345c3f061343e6',X'90903EB0A71697FD34785AFDDF0C5AAEFF035361C2A009630A44380A61626729',201,X'7B226964223A313036372C227375626A656374223A2277616974696E672D332033252066726565222C226465736372697074696F6E223A2277616974696E672D3320332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2077616974696E672D335C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33313A3136205554435C6E5C6E5469636B657472656C61792074726D3761363135303531643261623339303338623364343936373563643937663562222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-c2ddbc264383ff13f5795efad4d078176d26adf6c18ae2c512cd97c09ed3286c',X'AA52661AA0461A32A6273B85BC819DA127F3D06781F781628CDEFCA9A06DEAEC',201,X'7B226964223A313036382C227375626A656374223A2277616974696E672D342033252066726565222C226465736372697074696F6E223A2277616974696E672D3420332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2077616974696E672D345C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33313A3136205554435C6E5C6E5469636B657472656C61792074726D3462306231646431623461343766346565653739313065623539373465336533222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-730855bc88cdcad633b8b5b844d8adfc4789dab34a675a027b7a248bea8f15f0',X'1F767E5AA84F54567474B79B66922105A7C8BA2852678EBE30D36BE3A0FD71EE',201,X'7B226964223A313036392C227375626A656374223A2277616974696E672D352033252066726565222C226465736372697074696F6E223A2277616974696E672D3520332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2077616974696E672D355C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33313A3136205554435C6E5C6E5469636B657472656C61792074726D6561373364316566343234303464653535326137333734333863353938323936222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-0561de1de49ceeef887a7b8c4d929993fcbdacc071044fc0b354fc104d73929e',X'057D742A1939BF859094C0D8F4815FB933B0D9DB3A83294F4C0FB1AC18C5AC3F',201,X'7B226964223A313037302C227375626A656374223A2277616974696E672D362033252066726565222C226465736372697074696F6E223A2277616974696E672D3620332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2077616974696E672D365C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33313A3136205554435C6E5C6E5469636B657472656C61792074726D6130393663313736393962656162646336306639346363353862663036373364222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-89c0e9f38ec8b078d8d7aa9341ac58904cd432d102d830aa5f2e4bb623fc51c3',X'F4DDC0E5A7EF52054119417FE0FFEEA1CABD32C7318D9F1B71D2B19CD76C45A9',201,X'7B226964223A313037312C227375626A656374223A2277616974696E672D372033252066726565222C226465736372697074696F6E223A2277616974696E672D3720332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2077616974696E672D375C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33313A3136205554435C6E5C6E5469636B657472656C61792074726D3639353831666236376164306362656333356164373061383361336664363361222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-47976921b602d17aa32e83fb921bace700f08fedac4e4b94f2c96de96e51578e',X'28A091B090610B44B1E5EA6B961AB3687A5255D86755A74AA08A1C6EB764C460',201,X'7B226964223A313037322C227375626A656374223A2277616974696E672D382033252066726565222C226465736372697074696F6E223A2277616974696E672D3820332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2077616974696E672D385C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33313A3136205554435C6E5C6E5469636B657472656C61792074726D3864656366396131646261366638346562653233316661303634333833333834222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-a70dd3bb4bb92cb353a30ad23d2fa07a3d8877bce82ca48bdacd90b121b732eb',X'451B0EF1B84337DF251CFA72D586225CAA7865ECEAFC84574AF39E15563FC0BE',201,X'7B226964223A313037332C227375626A656374223A2277616974696E672D392033252066726565222C226465736372697074696F6E223A2277616974696E672D3920332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2077616974696E672D395C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33313A3136205554435C6E5C6E5469636B657472656C61792074726D6565646161343235663932653765626436323939343762613335643862366363222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-fbeda460a995bf3c436438eac37b5ae0157ddfbe6303815913a287cd03eedfd2',X'C330E9D7CF40BEECB25F900FC8D1E692161834CEA19EE778D6D334F4152D2BBF',201,X'7B226964223A313037342C227375626A656374223A2277616974696E672D31302033252066726565222C226465736372697074696F6E223A2277616974696E672D313020332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2077616974696E672D31305C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33313A3136205554435C6E5C6E5469636B657472656C61792074726D6331643861306432353162313534663637313363303564313434336362363731222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-a69bee7acf4e287450216481cedf0511fd9987b512c029586ba24d1d7e7f1260',X'0A1BB80194093E9D02D660AAD4E98BC62BEE8589177EC6962A6588FAEA0073C7',201,X'7B226964223A313037352C227375626A656374223A2277616974696E672D31312033252066726565222C226465736372697074696F6E223A2277616974696E672D313120332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2077616974696E672D31315C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33313A3136205554435C6E5C6E5469636B657472656C61792074726D3334383631663834333133326332303961613766643361373939383564643763222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-15bc3979b7f263b79c3f5a458263646c09d7102232ff75a62729bea8194da57b',X'B47A8331FE12DEF903E7205E7857F7D9ED66F0D75A4C61F7B87817D96027C38A',201,X'7B226964223A313037362C227375626A656374223A226E65772D61667465722033252066726565222C226465736372697074696F6E223A226E65772D616674657220332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A206E65772D61667465725C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33313A3136205554435C6E5C6E5469636B657472656C61792074726D6233336236343539323564373238633830613538303132303833623165373262222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-86df0450a63e99ffc77ffd78ee1fbbfcbf23cc1b2ae0570b04ced40b59373f3b',X'92FD0E33A7589341D6E98777953B3D9927B6E8B36791A1EC51CC8920FBF2C41D',201,X'7B226964223A31372C227469636B65745F6964223A313035362C22626F6479223A224974206368616E6765642061742070726F6D2E5C6E5C6E6E6F74652D616674657220322520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A206E6F74652D61667465725C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33303A313620555443222C2270726976617465223A66616C73652C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-abbfd34b40f0eb6488c4b9a0c0b90875f0cf871fa730a942035bdda0affa5f31',X'12EE760D26BE135657CC37E99E2FF67E646990FDBB407564A892B24E25DB1ED6',200,X'7B226964223A313035372C227375626A656374223A22636C6F73652D61667465722033252066726565222C226465736372697074696F6E223A22636C6F73652D616674657220332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A20636C6F73652D61667465725C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33303A3136205554435C6E5C6E5469636B657472656C61792074726D3063326631616565363732663139343630316434396335613334626361653061222C22737461747573223A22636C6F736564222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33303A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-f3da73c20e94ce25100e64fa878409602ef18d2c374c4820d6d0da35ba878c26',X'5AA13B4C1AC484EFC726171A5EB083219176E33C17A0BAA8FF2E7FA48831C650',201,X'7B226964223A31382C227469636B65745F6964223A313036322C22626F6479223A2246726F6D3A2067726163654073746166662E6578616D706C652E6E65745C6E5C6E237072696F726974792068696768222C2270726976617465223A66616C73652C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-327291e6679cee4877484a2ed2c926fe4a7fe363bfe9e6bf7f33b398907b5f42',X'63037CE9040D3E4BD8C6FF7643B86103043573BA6BAA0E907D31A7585453F34D',201,X'7B226964223A31392C227469636B65745F6964223A313036332C22626F6479223A2246726F6D3A2067726163654073746166662E6578616D706C652E6E65745C6E5C6E237072696F726974792068696768222C2270726976617465223A66616C73652C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-946cf6508d164a7e2bed5b4bc0de0c5eab694c2ff516fb4695d408a300acc1de',X'EC686437AC6FA86908BC36B8EF9A618937A7C074950EE51759A1806EABEBDD3D',201,X'7B226964223A313037372C227375626A656374223A226D6164652D616E642D6B696C6C65642033252066726565222C226465736372697074696F6E223A226D6164652D616E642D6B696C6C656420332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A206D6164652D616E642D6B696C6C65645C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33313A3230205554435C6E5C6E5469636B657472656C61792074726D3239346231323034396133663834363363653438623565636137626363653364222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33313A32305A227D',1771705880000000);
CREATE TABLE note (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	ticket INTEGER NOT NULL, 
	body TEXT NOT NULL, 
	private INTEGER NOT NULL, 
	created_at INTEGER NOT NULL
);
INSERT INTO "note" VALUES(1,1002,'It changed at prom.

disk 2% free

Labels:
  alertname: disk
  severity: warning

Started: 2026-02-20 12:07:00 UTC',0,1771589220000000);
INSERT INTO "note" VALUES(2,1002,'Opened again at 2026-02-20 12:10:00 UTC.

disk 3% free

Labels:
  alertname: disk
  severity: warning

Started: 2026-02-20 12:10:00 UTC',0,1771589400000000);
INSERT INTO "note" VALUES(3,1005,'From: grace@staff.example.net

#priority high

Look at it.',0,1771607400000000);
INSERT INTO "note" VALUES(4,1006,'From: ada@customer.example

It still does.',0,1771607400000000);
INSERT INTO "note" VALUES(5,1007,'From: Ada Byron <ada@customer.example>

I am back on Monday.',1,1771607400000000);
INSERT INTO "note" VALUES(6,1027,'More than 20 messages with this sender and subject came in 60 minutes, as when two automatic answers face each other. This one, and those that follow, are only recorded.

From: robot@else.example

I am away.',1,1771607400000000);
INSERT INTO "note" VALUES(7,1045,'Thread 0

Thread 0

Slack: @U0ADA0001 in #C0HELP001, 2026-03-14 02:00:00 UTC',1,1771697915000000);
INSERT INTO "note" VALUES(8,1046,'Thread 1

Thread 1

Slack: @U0ADA0001 in #C0HELP001, 2026-03-14 02:00:01 UTC',1,1771697915000000);
INSERT INTO "note" VALUES(9,1047,'Thread 2

Thread 2

Slack: @U0ADA0001 in #C0HELP001, 2026-03-14 02:00:02 UTC',1,1771697915000000);
INSERT INTO "note" VALUES(10,1048,'Thread 3

Thread 3

Slack: @U0ADA0001 in #C0HELP001, 2026-03-14 02:00:03 UTC',1,1771697915000000);
INSERT INTO "note" VALUES(11,1049,'Thread 4

Thread 4

Slack: @U0ADA0001 in #C0HELP001, 2026-03-14 02:00:04 UTC',1,1771697915000000);
INSERT INTO "note" VALUES(12,1050,'core-b 3% free joined the group. Open now: 2.

core-b 3% free

Labels:
  alertname: core-b
  severity: warning
  team: core

Started: 2026-02-21 18:18:35 UTC',0,1771697915000000);
INSERT INTO "note" VALUES(13,1050,'core-c 3% free joined the group. Open now: 3.

core-c 3% free

Labels:
  alertname: core-c
  severity: warning
  team: core

Started: 2026-02-21 18:18:35 UTC',0,1771697915000000);
INSERT INTO "note" VALUES(14,1050,'core-b all well left the group: it is resolved, says prom. Still open: 2.',0,1771697915000000);
INSERT INTO "note" VALUES(15,1052,'storm-3 3% free joined the group. Open now: 2.

storm-3 3% free

Labels:
  alertname: storm-3
  severity: warning
  storm: yes

Started: 2026-02-21 18:18:35 UTC',0,1771697915000000);
INSERT INTO "note" VALUES(16,1052,'storm-4 3% free joined the group. Open now: 3.

storm-4 3% free

Labels:
  alertname: storm-4
  severity: warning
  storm: yes

Started: 2026-02-21 18:18:35 UTC',0,1771697915000000);
INSERT INTO "note" VALUES(17,1056,'It changed at prom.

note-after 2% free

Labels:
  alertname: note-after
  severity: warning

Started: 2026-02-21 20:30:16 UTC',0,1771705876000000);
INSERT INTO "note" VALUES(18,1062,'From: grace@staff.example.net

#priority high',0,1771705876000000);
INSERT INTO "note" VALUES(19,1063,'From: grace@staff.example.net

#priority high',0,1771705876000000);
CREATE TABLE outbox (
	seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	webhook TEXT NOT NULL, 
	body BLOB NOT NULL, 
	attempts INTEGER NOT NULL, 
	due_at INTEGER
);
CREATE TABLE ticket (
	seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	uuid TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	description TEXT NOT NULL, 
	status TEXT NOT NULL, 
	priority TEXT NOT NULL, 
	category TEXT, 
	metadata TEXT NOT NULL, 
	requester_email TEXT, 
	created_at INTEGER NOT NULL, 
	updated_at INTEGER NOT NULL, 
	words TEXT NOT NULL, 
	UNIQUE (uuid)
);
INSERT INTO "ticket" VALUES(1001,'a145fb4a-5ba4-44dc-a26a-79661456cd30','from-backup 3% free','from-backup 3% free

Labels:
  alertname: from-backup
  severity: warning

Started: 2026-02-20 12:00:00 UTC

Ticketrelay trm820c969ccc2a8b8894cf5daf5f4056a9','open','medium',NULL,'{}',NULL,1771589220000000,1771589220000000,'from-backup 3% free
from-backup 3% free

labels:
  alertname: from-backup
  severity: warning

started: 2026-02-20 12:00:00 utc

ticketrelay trm820c969ccc2a8b8894cf5daf5f4056a9');
INSERT INTO "ticket" VALUES(1002,'f44ed746-dc78-4510-adfa-0a790af5e604','disk 3% free','disk 3% free

Labels:
  alertname: disk
  severity: warning

Started: 2026-02-20 12:07:00 UTC

Ticketrelay trme8af16d5259446f062c6e2c3d9e831af','open','medium',NULL,'{}',NULL,1771589220000000,1771589400000000,'disk 3% free
disk 3% free

labels:
  alertname: disk
  severity: warning

started: 2026-02-20 12:07:00 utc

ticketrelay trme8af16d5259446f062c6e2c3d9e831af');
INSERT INTO "ticket" VALUES(1003,'12108802-b90b-43fb-87ec-4d13b316cf80','over 3% free','over 3% free

Labels:
  alertname: over
  severity: warning

Started: 2026-02-20 12:07:00 UTC

Ticketrelay trm39eb9ce0a3d6525a154514046b8abd6b','closed','medium',NULL,'{}',NULL,1771589220000000,1771589400000000,'over 3% free
over 3% free

labels:
  alertname: over
  severity: warning

started: 2026-02-20 12:07:00 utc

ticketrelay trm39eb9ce0a3d6525a154514046b8abd6b');
INSERT INTO "ticket" VALUES(1004,'c5b1afa5-3cbe-4922-9756-c80d7d77f051','over 3% free','over 3% free

Labels:
  alertname: over
  severity: warning

Started: 2026-02-20 17:10:00 UTC

Ticketrelay trm9379f34a0fd3add3dea79937d9d3e519','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'over 3% free
over 3% free

labels:
  alertname: over
  severity: warning

started: 2026-02-20 17:10:00 utc

ticketrelay trm9379f34a0fd3add3dea79937d9d3e519');
INSERT INTO "ticket" VALUES(1005,'3d90ffc2-79be-4254-a46e-84560de91372','The gate','From: grace@staff.example.net

It is ours.

Ticketrelay trmfdd49ae0734ce094fadf008a3488c690','open','high',NULL,'{}',NULL,1771607400000000,1771607400000000,'the gate
from: grace@staff.example.net

it is ours.

ticketrelay trmfdd49ae0734ce094fadf008a3488c690');
INSERT INTO "ticket" VALUES(1006,'d5bf5a85-ba65-4d39-b66f-900210cebd59','The door','From: ada@customer.example

It squeaks.

Ticketrelay trm88b0db1e6250860102444fa4d2f3eddf','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'the door
from: ada@customer.example

it squeaks.

ticketrelay trm88b0db1e6250860102444fa4d2f3eddf');
INSERT INTO "ticket" VALUES(1007,'abb9dcd6-f756-44b5-9390-175f392167e2','Your ticket','From: Support <support@example.net>

We have it.

Ticketrelay trm5b212f1df0c921ff9335291d73c6ef8c','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'your ticket
from: support <support@example.net>

we have it.

ticketrelay trm5b212f1df0c921ff9335291d73c6ef8c');
INSERT INTO "ticket" VALUES(1008,'1b20e49b-ea53-4f20-9e33-4b0525a30557','Away','From: robot@else.example

I am away.

Ticketrelay trm68df34c51d7b3a3db0dacb21c47789a4','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trm68df34c51d7b3a3db0dacb21c47789a4');
INSERT INTO "ticket" VALUES(1009,'e2d64431-58cd-42e7-91b3-c989fca201cf','Away','From: robot@else.example

I am away.

Ticketrelay trm117a95744ce045246a92bfefcfa1fc46','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trm117a95744ce045246a92bfefcfa1fc46');
INSERT INTO "ticket" VALUES(1010,'3d46a096-c18f-44bf-bb96-6f2dd2971f46','Away','From: robot@else.example

I am away.

Ticketrelay trm40e4cf60bd9e0c2076f129799e9d7d65','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trm40e4cf60bd9e0c2076f129799e9d7d65');
INSERT INTO "ticket" VALUES(1011,'3e881e18-36ac-46b8-8da1-ae556b5737d4','Away','From: robot@else.example

I am away.

Ticketrelay trme48a783202b49780630bddac95940cbc','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trme48a783202b49780630bddac95940cbc');
INSERT INTO "ticket" VALUES(1012,'c3c25d97-426f-49ba-8955-02cea676a1c1','Away','From: robot@else.example

I am away.

Ticketrelay trm1d000cb94e38ab2e9ede60ff84a782ce','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trm1d000cb94e38ab2e9ede60ff84a782ce');
INSERT INTO "ticket" VALUES(1013,'65bdecfc-3bbd-429c-994f-3c5df207e5a6','Away','From: robot@else.example

I am away.

Ticketrelay trm28764f9809e7b9678a97ad3574ce0b6d','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trm28764f9809e7b9678a97ad3574ce0b6d');
INSERT INTO "ticket" VALUES(1014,'67f82e3d-36bb-43cc-bb72-38fd2fe60882','Away','From: robot@else.example

I am away.

Ticketrelay trm8dbe5ead630b7b5725ebd3653044bfe1','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trm8dbe5ead630b7b5725ebd3653044bfe1');
INSERT INTO "ticket" VALUES(1015,'8c0bf9b6-9b86-4eba-8bcf-fdae4fe13400','Away','From: robot@else.example

I am away.

Ticketrelay trmc0dd9f821cae761b52199924a1d2f292','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trmc0dd9f821cae761b52199924a1d2f292');
INSERT INTO "ticket" VALUES(1016,'c46c7335-94d0-40f9-9fa4-722427c2ff11','Away','From: robot@else.example

I am away.

Ticketrelay trmb370b2ef7e12a0a32d4ce03ca9fd291c','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trmb370b2ef7e12a0a32d4ce03ca9fd291c');
INSERT INTO "ticket" VALUES(1017,'bb415728-3218-437b-bd36-05122f5c3f1d','Away','From: robot@else.example

I am away.

Ticketrelay trm787d8662e020793ad4dedd607397cc32','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trm787d8662e020793ad4dedd607397cc32');
INSERT INTO "ticket" VALUES(1018,'189938c5-2740-43de-a80c-682a66def53b','Away','From: robot@else.example

I am away.

Ticketrelay trm879cfe1af87be247708ffa68cd0840e3','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trm879cfe1af87be247708ffa68cd0840e3');
INSERT INTO "ticket" VALUES(1019,'943cb11a-0a91-42b9-a895-53af4cafad23','Away','From: robot@else.example

I am away.

Ticketrelay trm8eaf24f32d02b28a7cdd11c89b9f2c34','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trm8eaf24f32d02b28a7cdd11c89b9f2c34');
INSERT INTO "ticket" VALUES(1020,'2568e1af-0985-48e0-b319-758f2b9788f6','Away','From: robot@else.example

I am away.

Ticketrelay trmc3c6307fd3f3d394ff3ecc502f3bb938','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trmc3c6307fd3f3d394ff3ecc502f3bb938');
INSERT INTO "ticket" VALUES(1021,'0e1fe6a7-e84d-4edd-830c-6f70eb98d5f1','Away','From: robot@else.example

I am away.

Ticketrelay trmb18088269174512ef75a9ca85c4fbce4','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trmb18088269174512ef75a9ca85c4fbce4');
INSERT INTO "ticket" VALUES(1022,'a5662045-65b7-42ae-ad58-8c405dd52d04','Away','From: robot@else.example

I am away.

Ticketrelay trm05df1ace349472ef4c5f1a53a1f6e8f1','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trm05df1ace349472ef4c5f1a53a1f6e8f1');
INSERT INTO "ticket" VALUES(1023,'589232b6-25ad-4abf-9c38-b5639635a33b','Away','From: robot@else.example

I am away.

Ticketrelay trmaef693784b5725cc75f483e701e64f89','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trmaef693784b5725cc75f483e701e64f89');
INSERT INTO "ticket" VALUES(1024,'b90ab7c6-010f-458e-9300-76e711de483a','Away','From: robot@else.example

I am away.

Ticketrelay trm1d9c3bc0280169fa1ab969b9b53dcf02','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trm1d9c3bc0280169fa1ab969b9b53dcf02');
INSERT INTO "ticket" VALUES(1025,'a92f3d53-870a-4e92-8ed9-636d581e0b17','Away','From: robot@else.example

I am away.

Ticketrelay trmcc227d6b837d0d1018752d9f958d0c89','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trmcc227d6b837d0d1018752d9f958d0c89');
INSERT INTO "ticket" VALUES(1026,'9d3c57f0-3966-4957-b13f-57eca567ee83','Away','From: robot@else.example

I am away.

Ticketrelay trm02e9ee225d60b879412042d882c5f705','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trm02e9ee225d60b879412042d882c5f705');
INSERT INTO "ticket" VALUES(1027,'24645956-a8a0-4a16-8aa2-aae11ac8405f','Away','From: robot@else.example

I am away.

Ticketrelay trm79b177730b078d83c698089177e62bee','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trm79b177730b078d83c698089177e62bee');
INSERT INTO "ticket" VALUES(1028,'b67af711-8b58-4fe9-a253-9f9381338845','late 3% free','late 3% free

Labels:
  alertname: late
  severity: warning

Started: 2026-02-20 17:10:00 UTC

Ticketrelay trm37500bc809b40d8e69b8138ab96a88a8','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'late 3% free
late 3% free

labels:
  alertname: late
  severity: warning

started: 2026-02-20 17:10:00 utc

ticketrelay trm37500bc809b40d8e69b8138ab96a88a8');
INSERT INTO "ticket" VALUES(1029,'540d9a82-2146-42ba-87a5-5d27fc686f75','By hand','bound is full','open','medium',NULL,'{}',NULL,1771607402000000,1771607402000000,'by hand
bound is full');
INSERT INTO "ticket" VALUES(1030,'5967cee7-2e58-4eb6-b8fa-e64eebba5acf','Edited by a person','What was meant

Ticketrelay trmccb3b7d6236f3bae34371570f73bea5a','open','medium',NULL,'{}',NULL,1771607402000000,1771607402000000,'edited by a person
what was meant

ticketrelay trmccb3b7d6236f3bae34371570f73bea5a');
INSERT INTO "ticket" VALUES(1031,'551192fb-ac5b-4b0c-afeb-d57f9e226a2d','in-vain 3% free','in-vain 3% free

Labels:
  alertname: in-vain
  severity: info

Started: 2026-02-20 17:10:02 UTC

Ticketrelay trm0dd2f36525ec44346988e6d2e3db02cb','open','low',NULL,'{}',NULL,1771607402000000,1771607402000000,'in-vain 3% free
in-vain 3% free

labels:
  alertname: in-vain
  severity: info

started: 2026-02-20 17:10:02 utc

ticketrelay trm0dd2f36525ec44346988e6d2e3db02cb');
INSERT INTO "ticket" VALUES(1032,'0c9d7011-6409-4bb5-8ce9-c475484f680f','note-refused 3% free','note-refused 3% free

Labels:
  alertname: note-refused
  severity: page

Started: 2026-02-20 17:10:02 UTC

Ticketrelay trm0ef90f424f111046fc0f17606558b874','open','medium',NULL,'{}',NULL,1771607402000000,1771607404500000,'note-refused 3% free
note-refused 3% free

labels:
  alertname: note-refused
  severity: page

started: 2026-02-20 17:10:02 utc

ticketrelay trm0ef90f424f111046fc0f17606558b874');
INSERT INTO "ticket" VALUES(1033,'691968db-5177-471a-bb3d-5bf3065bd8c2','retried 3% free','retried 3% free

Labels:
  alertname: retried
  severity: warning

Started: 2026-02-20 17:10:00 UTC

Ticketrelay trm4ca3c00e29fe81fafc1f31bace0a9e33','open','medium',NULL,'{}',NULL,1771607404500000,1771607404500000,'retried 3% free
retried 3% free

labels:
  alertname: retried
  severity: warning

started: 2026-02-20 17:10:00 utc

ticketrelay trm4ca3c00e29fe81fafc1f31bace0a9e33');
INSERT INTO "ticket" VALUES(1034,'0961f9d5-1e4a-4bd0-8768-8dbe3184e5e9','swallowed 3% free','swallowed 3% free

Labels:
  alertname: swallowed
  severity: warning

Started: 2026-02-20 17:11:34 UTC

Ticketrelay trmb63c39fba5375d370ea8ff95cecc6c90','open','medium',NULL,'{}',NULL,1771607494500000,1771607494500000,'swallowed 3% free
swallowed 3% free

labels:
  alertname: swallowed
  severity: warning

started: 2026-02-20 17:11:34 utc

ticketrelay trmb63c39fba5375d370ea8ff95cecc6c90');
INSERT INTO "ticket" VALUES(1035,'b73bf0e1-ddd2-4002-b404-04b0c8fd3370','adopted 3% free','adopted 3% free

Labels:
  alertname: adopted
  severity: warning

Started: 2026-02-20 17:11:34 UTC

Ticketrelay trmd0155593c423244062502bbe980e07aa','open','medium',NULL,'{}',NULL,1771607494500000,1771607494500000,'adopted 3% free
adopted 3% free

labels:
  alertname: adopted
  severity: warning

started: 2026-02-20 17:11:34 utc

ticketrelay trmd0155593c423244062502bbe980e07aa');
INSERT INTO "ticket" VALUES(1036,'aec4bce6-518b-45ee-858f-44e201a09716','touched 3% free','touched 3% free

Labels:
  alertname: touched
  severity: warning

Started: 2026-02-20 17:11:34 UTC

Ticketrelay trm7544acab8801b8faf90e41991a717128

A person wrote below it.','open','medium',NULL,'{}',NULL,1771607494500000,1771697494500000,'touched 3% free
touched 3% free

labels:
  alertname: touched
  severity: warning

started: 2026-02-20 17:11:34 utc

ticketrelay trm7544acab8801b8faf90e41991a717128

a person wrote below it.');
INSERT INTO "ticket" VALUES(1037,'0bed9afd-26da-4813-8206-9f12d2eafb56','absent 3% free','absent 3% free

Labels:
  alertname: absent
  severity: warning

Started: 2026-02-20 17:11:34 UTC

Ticketrelay trmc83e66918ecaf0d8bfcd9b33ee66ee80','open','medium',NULL,'{}',NULL,1771697494500000,1771697494500000,'absent 3% free
absent 3% free

labels:
  alertname: absent
  severity: warning

started: 2026-02-20 17:11:34 utc

ticketrelay trmc83e66918ecaf0d8bfcd9b33ee66ee80');
INSERT INTO "ticket" VALUES(1038,'17591f43-e839-464b-891c-4f9f8493e6c8','closed-in-doubt 3% free','closed-in-doubt 3% free

Labels:
  alertname: closed-in-doubt
  severity: warning

Started: 2026-02-21 18:11:34 UTC

Ticketrelay trmacc82e1efe71070d74dca714f9cd0c82','closed','medium',NULL,'{}',NULL,1771697494500000,1771697494500000,'closed-in-doubt 3% free
closed-in-doubt 3% free

labels:
  alertname: closed-in-doubt
  severity: warning

started: 2026-02-21 18:11:34 utc

ticketrelay trmacc82e1efe71070d74dca714f9cd0c82');
INSERT INTO "ticket" VALUES(1039,'a74fab4e-a7b4-4f7b-981a-02d03fe12510','people-pending 3% free','people-pending 3% free

Labels:
  alertname: people-pending
  severity: warning

Started: 2026-02-21 18:12:35 UTC

Ticketrelay trmff688772153979ba8222aa32cd30b59e','open','medium',NULL,'{}',NULL,1771697555000000,1771697555000000,'people-pending 3% free
people-pending 3% free

labels:
  alertname: people-pending
  severity: warning

started: 2026-02-21 18:12:35 utc

ticketrelay trmff688772153979ba8222aa32cd30b59e');
INSERT INTO "ticket" VALUES(1040,'7ea7b202-b717-45e8-aa33-0ba985842bef','people-by-hand-resolved 3% free','people-by-hand-resolved 3% free

Labels:
  alertname: people-by-hand-resolved
  severity: warning

Started: 2026-02-21 18:12:35 UTC

Ticketrelay trm31dafcfab1005096516aba607ca1c71c','open','medium',NULL,'{}',NULL,1771697555000000,1771697555000000,'people-by-hand-resolved 3% free
people-by-hand-resolved 3% free

labels:
  alertname: people-by-hand-resolved
  severity: warning

started: 2026-02-21 18:12:35 utc

ticketrelay trm31dafcfab1005096516aba607ca1c71c');
INSERT INTO "ticket" VALUES(1041,'f6ca2d2a-0fd7-4975-b86b-fbd89f661d48','people-by-hand-closed 3% free','people-by-hand-closed 3% free

Labels:
  alertname: people-by-hand-closed
  severity: warning

Started: 2026-02-21 18:12:35 UTC

Ticketrelay trmae09af5fbace2c60c84e06be8279e50d','open','medium',NULL,'{}',NULL,1771697555000000,1771697555000000,'people-by-hand-closed 3% free
people-by-hand-closed 3% free

labels:
  alertname: people-by-hand-closed
  severity: warning

started: 2026-02-21 18:12:35 utc

ticketrelay trmae09af5fbace2c60c84e06be8279e50d');
INSERT INTO "ticket" VALUES(1042,'21059f35-f4a2-4d79-9110-789aada0353e','people-wont-fix 3% free','people-wont-fix 3% free

Labels:
  alertname: people-wont-fix
  severity: warning

Started: 2026-02-21 18:12:35 UTC

Ticketrelay trm19da79ec07232cf85ba329ca3d912d5b','open','medium',NULL,'{}',NULL,1771697555000000,1771697555000000,'people-wont-fix 3% free
people-wont-fix 3% free

labels:
  alertname: people-wont-fix
  severity: warning

started: 2026-02-21 18:12:35 utc

ticketrelay trm19da79ec07232cf85ba329ca3d912d5b');
INSERT INTO "ticket" VALUES(1043,'accadcbf-23d9-4031-b591-7f7c409dd9cd','people-by-hand-reopened 3% free','people-by-hand-reopened 3% free

Labels:
  alertname: people-by-hand-reopened
  severity: warning

Started: 2026-02-21 18:12:35 UTC

Ticketrelay trm68bc489a5952b4bd857f1ffbb82b541a','open','medium',NULL,'{}',NULL,1771697555000000,1771697555000000,'people-by-hand-reopened 3% free
people-by-hand-reopened 3% free

labels:
  alertname: people-by-hand-reopened
  severity: warning

started: 2026-02-21 18:12:35 utc

ticketrelay trm68bc489a5952b4bd857f1ffbb82b541a');
INSERT INTO "ticket" VALUES(1044,'e111eb51-c962-488a-8420-b4408ec584ff','people-gone 3% free','people-gone 3% free

Labels:
  alertname: people-gone
  severity: warning

Started: 2026-02-21 18:12:35 UTC

Ticketrelay trm551c7946861ef79fb5e83185a79a4449','open','medium',NULL,'{}',NULL,1771697555000000,1771697555000000,'people-gone 3% free
people-gone 3% free

labels:
  alertname: people-gone
  severity: warning

started: 2026-02-21 18:12:35 utc

ticketrelay trm551c7946861ef79fb5e83185a79a4449');
INSERT INTO "ticket" VALUES(1045,'57b5581b-01c1-4104-a8fb-d233effecd7e','A private message from chat','The text of this message is private. It is in the private notes of this ticket.

Ticketrelay trm028a284886ef71cde713bd668661a8b3','open','medium',NULL,'{}',NULL,1771697915000000,1771697915000000,'a private message from chat
the text of this message is private. it is in the private notes of this ticket.

ticketrelay trm028a284886ef71cde713bd668661a8b3');
INSERT INTO "ticket" VALUES(1046,'7e360bfd-b23d-4d1b-861f-7e61b419bea0','A private message from chat','The text of this message is private. It is in the private notes of this ticket.

Ticketrelay trm28a9fa9f8c76cf74e43e2e4f2b94ec93','open','medium',NULL,'{}',NULL,1771697915000000,1771697915000000,'a private message from chat
the text of this message is private. it is in the private notes of this ticket.

ticketrelay trm28a9fa9f8c76cf74e43e2e4f2b94ec93');
INSERT INTO "ticket" VALUES(1047,'190b72f8-bcba-4a0b-9f2b-434d2d97652b','A private message from chat','The text of this message is private. It is in the private notes of this ticket.

Ticketrelay trmc9fb91ebb072b44c409227b87ad3e887','open','medium',NULL,'{}',NULL,1771697915000000,1771697915000000,'a private message from chat
the text of this message is private. it is in the private notes of this ticket.

ticketrelay trmc9fb91ebb072b44c409227b87ad3e887');
INSERT INTO "ticket" VALUES(1048,'e50e4e43-f668-4b5c-88a5-8b5155d1d7a5','A private message from chat','The text of this message is private. It is in the private notes of this ticket.

Ticketrelay trm5324c99429c2a9671a0dcc0ac03c50af','open','medium',NULL,'{}',NULL,1771697915000000,1771697915000000,'a private message from chat
the text of this message is private. it is in the private notes of this ticket.

ticketrelay trm5324c99429c2a9671a0dcc0ac03c50af');
INSERT INTO "ticket" VALUES(1049,'675ce3b4-8fc5-4e70-bc81-8a8e2c41b8f3','A private message from chat','The text of this message is private. It is in the private notes of this ticket.

Ticketrelay trmfc4fdfb02d6938cb28ef1b2a88c24fbf','open','medium',NULL,'{}',NULL,1771697915000000,1771697915000000,'a private message from chat
the text of this message is private. it is in the private notes of this ticket.

ticketrelay trmfc4fdfb02d6938cb28ef1b2a88c24fbf');
INSERT INTO "ticket" VALUES(1050,'dfbc9ae1-a9d7-42bc-9e7b-d896d7455e78','team=core: core-a 3% free','One ticket for a group (team=core). What joins and leaves it later is in its notes.

core-a 3% free

core-a 3% free

Labels:
  alertname: core-a
  severity: warning
  team: core

Started: 2026-02-21 18:18:35 UTC

Ticketrelay trm87c9163f4e803d2aee099b42ef9572be','open','medium',NULL,'{}',NULL,1771697915000000,1771697915000000,'team=core: core-a 3% free
one ticket for a group (team=core). what joins and leaves it later is in its notes.

core-a 3% free

core-a 3% free

labels:
  alertname: core-a
  severity: warning
  team: core

started: 2026-02-21 18:18:35 utc

ticketrelay trm87c9163f4e803d2aee099b42ef9572be');
INSERT INTO "ticket" VALUES(1051,'0bc3b521-8915-4182-815a-9a5f6a1a4f96','storm-0 3% free','storm-0 3% free

Labels:
  alertname: storm-0
  severity: warning
  storm: yes

Started: 2026-02-21 18:18:35 UTC

Ticketrelay trm66cfd01d952c1fc8214e7c4c1e2c537f','open','medium',NULL,'{}',NULL,1771697915000000,1771697915000000,'storm-0 3% free
storm-0 3% free

labels:
  alertname: storm-0
  severity: warning
  storm: yes

started: 2026-02-21 18:18:35 utc

ticketrelay trm66cfd01d952c1fc8214e7c4c1e2c537f');
INSERT INTO "ticket" VALUES(1052,'6572e7b7-2bfb-480f-8d77-e47e20fc15de','storm of prom (storm): storm-2 3% free','One ticket for a group (storm of prom (storm)). What joins and leaves it later is in its notes.

storm-2 3% free

storm-2 3% free

Labels:
  alertname: storm-2
  severity: warning
  storm: yes

Started: 2026-02-21 18:18:35 UTC

Ticketrelay trm950985e5929427eec8f1c5fb2a134e59','open','medium',NULL,'{}',NULL,1771697915000000,1771697915000000,'storm of prom (storm): storm-2 3% free
one ticket for a group (storm of prom (storm)). what joins and leaves it later is in its notes.

storm-2 3% free

storm-2 3% free

labels:
  alertname: storm-2
  severity: warning
  storm: yes

started: 2026-02-21 18:18:35 utc

ticketrelay trm950985e5929427eec8f1c5fb2a134e59');
INSERT INTO "ticket" VALUES(1053,'3bd5fcdb-32a6-41e4-84ce-2c34600510a1','storm-1 3% free','storm-1 3% free

Labels:
  alertname: storm-1
  severity: warning
  storm: yes

Started: 2026-02-21 18:18:35 UTC

Ticketrelay trmc4297bf59e017abbc5811ce1873f34e7','open','medium',NULL,'{}',NULL,1771697915000000,1771697915000000,'storm-1 3% free
storm-1 3% free

labels:
  alertname: storm-1
  severity: warning
  storm: yes

started: 2026-02-21 18:18:35 utc

ticketrelay trmc4297bf59e017abbc5811ce1873f34e7');
INSERT INTO "ticket" VALUES(1054,'964696fc-ca67-4791-9af3-15feedbd643f','beat 3% free','beat 3% free

Labels:
  alertname: beat
  severity: warning

Started: 2026-02-21 18:18:35 UTC

Ticketrelay trmb6fd6f9c79d73617b3c217894951379d','open','medium',NULL,'{}',NULL,1771697915000000,1771697915000000,'beat 3% free
beat 3% free

labels:
  alertname: beat
  severity: warning

started: 2026-02-21 18:18:35 utc

ticketrelay trmb6fd6f9c79d73617b3c217894951379d');
INSERT INTO "ticket" VALUES(1055,'a16f3936-f477-4f9a-85ba-cdc88a4f0d2c','beats has gone quiet','Nothing came from beats since 2026-02-21 18:18:35 UTC; something is expected every 1:00:00.

Ticketrelay trmb403286ee20ce21fbe71f62364439c5f','open','high',NULL,'{}',NULL,1771705115000000,1771705115000000,'beats has gone quiet
nothing came from beats since 2026-02-21 18:18:35 utc; something is expected every 1:00:00.

ticketrelay trmb403286ee20ce21fbe71f62364439c5f');
INSERT INTO "ticket" VALUES(1056,'673014f7-6a1b-434b-aff0-5b16bbc7d83b','note-after 3% free','note-after 3% free

Labels:
  alertname: note-after
  severity: warning

Started: 2026-02-21 20:30:16 UTC

Ticketrelay trmab56d65ce7ce7b3219e9464a67e58b6b','open','medium',NULL,'{}',NULL,1771705816000000,1771705876000000,'note-after 3% free
note-after 3% free

labels:
  alertname: note-after
  severity: warning

started: 2026-02-21 20:30:16 utc

ticketrelay trmab56d65ce7ce7b3219e9464a67e58b6b');
INSERT INTO "ticket" VALUES(1057,'47d4b795-2157-48fb-91f3-eed5658e9e8a','close-after 3% free','close-after 3% free

Labels:
  alertname: close-after
  severity: warning

Started: 2026-02-21 20:30:16 UTC

Ticketrelay trm0c2f1aee672f194601d49c5a34bcae0a','closed','medium',NULL,'{}',NULL,1771705816000000,1771705876000000,'close-after 3% free
close-after 3% free

labels:
  alertname: close-after
  severity: warning

started: 2026-02-21 20:30:16 utc

ticketrelay trm0c2f1aee672f194601d49c5a34bcae0a');
INSERT INTO "ticket" VALUES(1058,'8d288788-f6f5-4bdb-8167-5c45abb944fe','reopen-after 3% free','reopen-after 3% free

Labels:
  alertname: reopen-after
  severity: warning

Started: 2026-02-21 20:30:16 UTC

Ticketrelay trm42a4456fed5e302ccd54ea47c0083c15','open','medium',NULL,'{}',NULL,1771705816000000,1771705876000000,'reopen-after 3% free
reopen-after 3% free

labels:
  alertname: reopen-after
  severity: warning

started: 2026-02-21 20:30:16 utc

ticketrelay trm42a4456fed5e302ccd54ea47c0083c15');
INSERT INTO "ticket" VALUES(1059,'b855443a-107e-4701-8023-fdf6dab32ef7','note-before 3% free','note-before 3% free

Labels:
  alertname: note-before
  severity: warning

Started: 2026-02-21 20:30:16 UTC

Ticketrelay trmddbf532db71bb86a45e67b628e94a6ab','open','medium',NULL,'{}',NULL,1771705816000000,1771705816000000,'note-before 3% free
note-before 3% free

labels:
  alertname: note-before
  severity: warning

started: 2026-02-21 20:30:16 utc

ticketrelay trmddbf532db71bb86a45e67b628e94a6ab');
INSERT INTO "ticket" VALUES(1060,'164e8580-aaba-4290-9900-3fc0d6235f46','close-before 3% free','close-before 3% free

Labels:
  alertname: close-before
  severity: warning

Started: 2026-02-21 20:30:16 UTC

Ticketrelay trmcf46fb0b8482e6ee5c1179fbd804cacc','open','medium',NULL,'{}',NULL,1771705816000000,1771705816000000,'close-before 3% free
close-before 3% free

labels:
  alertname: close-before
  severity: warning

started: 2026-02-21 20:30:16 utc

ticketrelay trmcf46fb0b8482e6ee5c1179fbd804cacc');
INSERT INTO "ticket" VALUES(1061,'66db62ce-53f1-4c02-adbd-79c6cd6e69e0','reopen-before 3% free','reopen-before 3% free

Labels:
  alertname: reopen-before
  severity: warning

Started: 2026-02-21 20:30:16 UTC

Ticketrelay trm04dc264e76dfe6f4cb04f6f1e1c3486e','closed','medium',NULL,'{}',NULL,1771705816000000,1771705816000000,'reopen-before 3% free
reopen-before 3% free

labels:
  alertname: reopen-before
  severity: warning

started: 2026-02-21 20:30:16 utc

ticketrelay trm04dc264e76dfe6f4cb04f6f1e1c3486e');
INSERT INTO "ticket" VALUES(1062,'42f722bc-5553-42b0-96c1-b74e8a72024e','Slow after','From: grace@staff.example.net

It is slow.

Ticketrelay trm309f0b1c11d4519bc5dbede6ce6957f3','open','high',NULL,'{}',NULL,1771705816000000,1771705876000000,'slow after
from: grace@staff.example.net

it is slow.

ticketrelay trm309f0b1c11d4519bc5dbede6ce6957f3');
INSERT INTO "ticket" VALUES(1063,'b3c55b6a-df38-48a9-89d6-1a6b52193172','Slow before','From: grace@staff.example.net

It is slow.

Ticketrelay trm185a7a6caf8cae2704e03c03462f0428','open','medium',NULL,'{}',NULL,1771705816000000,1771705876000000,'slow before
from: grace@staff.example.net

it is slow.

ticketrelay trm185a7a6caf8cae2704e03c03462f0428');
INSERT INTO "ticket" VALUES(1064,'5459960c-fb92-4ec9-b42e-329f33fcff51','waiting-0 3% free','waiting-0 3% free

Labels:
  alertname: waiting-0
  severity: warning

Started: 2026-02-21 20:31:16 UTC

Ticketrelay trmd87611db390adce2d2c0a14139657c80','open','medium',NULL,'{}',NULL,1771705876000000,1771705876000000,'waiting-0 3% free
waiting-0 3% free

labels:
  alertname: waiting-0
  severity: warning

started: 2026-02-21 20:31:16 utc

ticketrelay trmd87611db390adce2d2c0a14139657c80');
INSERT INTO "ticket" VALUES(1065,'b1af9420-df39-4f82-b4f1-acd91ad6125c','waiting-1 3% free','waiting-1 3% free

Labels:
  alertname: waiting-1
  severity: warning

Started: 2026-02-21 20:31:16 UTC

Ticketrelay trm9a6454dce731349dcc89faa7b7ec6e0b','open','medium',NULL,'{}',NULL,1771705876000000,1771705876000000,'waiting-1 3% free
waiting-1 3% free

labels:
  alertname: waiting-1
  severity: warning

started: 2026-02-21 20:31:16 utc

ticketrelay trm9a6454dce731349dcc89faa7b7ec6e0b');
INSERT INTO "ticket" VALUES(1066,'f6f4b92f-9cdc-4e7b-8af1-a5dcc23d0307','waiting-2 3% free','waiting-2 3% free

Labels:
  alertname: waiting-2
  severity: warning

Started: 2026-02-21 20:31:16 UTC

Ticketrelay trmce439451042eeae0c8d0a840d0fe8f36','open','medium',NULL,'{}',NULL,1771705876000000,1771705876000000,'waiting-2 3% free
waiting-2 3% free

labels:
  alertname: waiting-2
  severity: warning

started: 2026-02-21 20:31:16 utc

ticketrelay trmce439451042eeae0c8d0a840d0fe8f36');
INSERT INTO "ticket" VALUES(1067,'c96a149f-3920-4a32-84b6-fe4cbd67b28e','waiting-3 3% free','waiting-3 3% free

Labels:
  alertname: waiting-3
  severity: warning

Started: 2026-02-21 20:31:16 UTC

Ticketrelay trm7a615051d2ab39038b3d49675cd97f5b','open','medium',NULL,'{}',NULL,1771705876000000,1771705876000000,'waiting-3 3% free
waiting-3 3% free

labels:
  alertname: waiting-3
  severity: warning

started: 2026-02-21 20:31:16 utc

ticketrelay trm7a615051d2ab39038b3d49675cd97f5b');
INSERT INTO "ticket" VALUES(1068,'38c85fc3-1cb4-48a7-9fe9-10016b0f8e31','waiting-4 3% free','waiting-4 3% free

Labels:
  alertname: waiting-4
  severity: warning

Started: 2026-02-21 20:31:16 UTC

Ticketrelay trm4b0b1dd1b4a47f4eee7910eb5974e3e3','open','medium',NULL,'{}',NULL,1771705876000000,1771705876000000,'waiting-4 3% free
waiting-4 3% free

labels:
  alertname: waiting-4
  severity: warning

started: 2026-02-21 20:31:16 utc

ticketrelay trm4b0b1dd1b4a47f4eee7910eb5974e3e3');
INSERT INTO "ticket" VALUES(1069,'245d539e-ab27-400d-8227-272258528fa5','waiting-5 3% free','waiting-5 3% free

Labels:
  alertname: waiting-5
  severity: warning

Started: 2026-02-21 20:31:16 UTC

Ticketrelay trmea73d1ef42404de552a737438c598296','open','medium',NULL,'{}',NULL,1771705876000000,1771705876000000,'waiting-5 3% free
waiting-5 3% free

labels:
  alertname: waiting-5
  severity: warning

started: 2026-02-21 20:31:16 utc

ticketrelay trmea73d1ef42404de552a737438c598296');
INSERT INTO "ticket" VALUES(1070,'1397a27b-f25b-4360-8cb4-1f673e3b6ceb','waiting-6 3% free','waiting-6 3% free

Labels:
  alertname: waiting-6
  severity: warning

Started: 2026-02-21 20:31:16 UTC

Ticketrelay trma096c17699beabdc60f94cc58bf0673d','open','medium',NULL,'{}',NULL,1771705876000000,1771705876000000,'waiting-6 3% free
waiting-6 3% free

labels:
  alertname: waiting-6
  severity: warning

started: 2026-02-21 20:31:16 utc

ticketrelay trma096c17699beabdc60f94cc58bf0673d');
INSERT INTO "ticket" VALUES(1071,'b07eec8f-7bd4-4b12-a8e3-f2e171214507','waiting-7 3% free','waiting-7 3% free

Labels:
  alertname: waiting-7
  severity: warning

Started: 2026-02-21 20:31:16 UTC

Ticketrelay trm69581fb67ad0cbec35ad70a83a3fd63a','open','medium',NULL,'{}',NULL,1771705876000000,1771705876000000,'waiting-7 3% free
waiting-7 3% free

labels:
  alertname: waiting-7
  severity: warning

started: 2026-02-21 20:31:16 utc

ticketrelay trm69581fb67ad0cbec35ad70a83a3fd63a');
INSERT INTO "ticket" VALUES(1072,'a57713d0-2b9c-435e-b3a4-6f3f53dec288','waiting-8 3% free','waiting-8 3% free

Labels:
  alertname: waiting-8
  severity: warning

Started: 2026-02-21 20:31:16 UTC

Ticketrelay trm8decf9a1dba6f84ebe231fa064383384','open','medium',NULL,'{}',NULL,1771705876000000,1771705876000000,'waiting-8 3% free
waiting-8 3% free

labels:
  alertname: waiting-8
  severity: warning

started: 2026-02-21 20:31:16 utc

ticketrelay trm8decf9a1dba6f84ebe231fa064383384');
INSERT INTO "ticket" VALUES(1073,'27efd012-5dc6-445e-8d7d-282613122d9c','waiting-9 3% free','waiting-9 3% free

Labels:
  alertname: waiting-9
  severity: warning

Started: 2026-02-21 20:31:16 UTC

Ticketrelay trmeedaa425f92e7ebd629947ba35d8b6cc','open','medium',NULL,'{}',NULL,1771705876000000,1771705876000000,'waiting-9 3% free
waiting-9 3% free

labels:
  alertname: waiting-9
  severity: warning

started: 2026-02-21 20:31:16 utc

ticketrelay trmeedaa425f92e7ebd629947ba35d8b6cc');
INSERT INTO "ticket" VALUES(1074,'96490638-e312-4880-aeec-fae87020f862','waiting-10 3% free','waiting-10 3% free

Labels:
  alertname: waiting-10
  severity: warning

Started: 2026-02-21 20:31:16 UTC

Ticketrelay trmc1d8a0d251b154f6713c05d1443cb671','open','medium',NULL,'{}',NULL,1771705876000000,1771705876000000,'waiting-10 3% free
waiting-10 3% free

labels:
  alertname: waiting-10
  severity: warning

started: 2026-02-21 20:31:16 utc

ticketrelay trmc1d8a0d251b154f6713c05d1443cb671');
INSERT INTO "ticket" VALUES(1075,'5b375154-7caf-41ef-9aa6-04599079c3ac','waiting-11 3% free','waiting-11 3% free

Labels:
  alertname: waiting-11
  severity: warning

Started: 2026-02-21 20:31:16 UTC

Ticketrelay trm34861f843132c209aa7fd3a79985dd7c','open','medium',NULL,'{}',NULL,1771705876000000,1771705876000000,'waiting-11 3% free
waiting-11 3% free

labels:
  alertname: waiting-11
  severity: warning

started: 2026-02-21 20:31:16 utc

ticketrelay trm34861f843132c209aa7fd3a79985dd7c');
INSERT INTO "ticket" VALUES(1076,'3e3b92e1-44f9-4f0d-92c3-072223f11c3d','new-after 3% free','new-after 3% free

Labels:
  alertname: new-after
  severity: warning

Started: 2026-02-21 20:31:16 UTC

Ticketrelay trmb33b645925d728c80a58012083b1e72b','open','medium',NULL,'{}',NULL,1771705876000000,1771705876000000,'new-after 3% free
new-after 3% free

labels:
  alertname: new-after
  severity: warning

started: 2026-02-21 20:31:16 utc

ticketrelay trmb33b645925d728c80a58012083b1e72b');
INSERT INTO "ticket" VALUES(1077,'ffa1a73c-63f1-49c8-b2fa-d99f788833c8','made-and-killed 3% free','made-and-killed 3% free

Labels:
  alertname: made-and-killed
  severity: warning

Started: 2026-02-21 20:31:20 UTC

Ticketrelay trm294b12049a3f8463ce48b5eca7bcce3d','open','medium',NULL,'{}',NULL,1771705880000000,1771705880000000,'made-and-killed 3% free
made-and-killed 3% free

labels:
  alertname: made-and-killed
  severity: warning

started: 2026-02-21 20:31:20 utc

ticketrelay trm294b12049a3f8463ce48b5eca7bcce3d');
CREATE TABLE webhook (
	seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	id TEXT NOT NULL, 
	url TEXT NOT NULL, 
	events TEXT NOT NULL, 
	secret TEXT NOT NULL, 
	created_at INTEGER NOT NULL, 
	UNIQUE (id)
);
CREATE INDEX ix_note_ticket ON note (ticket);
CREATE INDEX ix_idempotency_at ON idempotency (at);
CREATE INDEX outbox_due ON outbox (due_at);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('ticket',1077);
INSERT INTO "sqlite_sequence" VALUES('effect',108);
INSERT INTO "sqlite_sequence" VALUES('note',19);
COMMIT;
