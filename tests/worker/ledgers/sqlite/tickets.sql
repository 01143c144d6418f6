BEGIN TRANSACTION;
CREATE TABLE effect (
	seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	at INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	ticket_id TEXT, 
	idempotency_key TEXT, 
	body TEXT NOT NULL
);
INSERT INTO "effect" VALUES(1,1771589220000000,'create_ticket','1001','tr1-953b2048727cba523959c2de7de7b306e5f2c150d2df1d0d353a4c20b2c1a2c3','{"description":"from-backup 3% free\n\nLabels:\n  alertname: from-backup\n  severity: warning\n\nStarted: 2026-02-20 12:00:00 UTC\n\nTicketrelay trmf06ae746cf70a049d11fa8b83bf4b065","priority":"medium","subject":"from-backup 3% free"}');
INSERT INTO "effect" VALUES(2,1771589220000000,'create_ticket','1002','tr1-63ef9126b645084435995d764844b568a6562361a3ba4ad35acc91efc04373d3','{"description":"disk 3% free\n\nLabels:\n  alertname: disk\n  severity: warning\n\nStarted: 2026-02-20 12:07:00 UTC\n\nTicketrelay trm8546f68a6d9063e772838d261efb708d","priority":"medium","subject":"disk 3% free"}');
INSERT INTO "effect" VALUES(3,1771589220000000,'create_ticket','1003','tr1-bddbbbb8625af56fdca3de5c9d7eed07767417dda6e6cd14b205b391d08dc23d','{"description":"over 3% free\n\nLabels:\n  alertname: over\n  severity: warning\n\nStarted: 2026-02-20 12:07:00 UTC\n\nTicketrelay trm8f469b275f341d00b4e85ded5058ebad","priority":"medium","subject":"over 3% free"}');
INSERT INTO "effect" VALUES(4,1771589220000000,'add_note','1002','tr1-8c14d8086f27a6330a268eaba0fc881a6e5cbbd60e82a6d08245a499846dcc7f','{"body":"It changed at prom.\n\ndisk 2% free\n\nLabels:\n  alertname: disk\n  severity: warning\n\nStarted: 2026-02-20 12:07:00 UTC","private":false}');
INSERT INTO "effect" VALUES(5,1771589280000000,'close_ticket','1002','tr1-f1d5b919a9331ecb32a695a2d89b79e47455dd8c7974f659c9a5a4135b2151a2','{"resolution_notes":"Resolved at 2026-02-20 12:08:00 UTC, says prom.\n\ndisk all well\n\nLabels:\n  alertname: disk\n  severity: warning\n\nStarted: 2026-02-20 12:07:00 UTC\nEnded: 2026-02-20 12:08:00 UTC"}');
INSERT INTO "effect" VALUES(6,1771589400000000,'reopen_ticket','1002',NULL,'{"status":"open"}');
INSERT INTO "effect" VALUES(7,1771589400000000,'add_note','1002','tr1-c86616de2bf09f60b45314c73bc40dd56c73adc55f88e2fb30289ab0be172617','{"body":"Opened again at 2026-02-20 12:10:00 UTC.\n\ndisk 3% free\n\nLabels:\n  alertname: disk\n  severity: warning\n\nStarted: 2026-02-20 12:10:00 UTC","private":false}');
INSERT INTO "effect" VALUES(8,1771589400000000,'close_ticket','1003','tr1-be278fb20a05fa7e8694699f61c38ece322c5be5af0916215bb236dec100bd0b','{"resolution_notes":"Resolved at 2026-02-20 12:10:00 UTC, says prom.\n\nover all well\n\nLabels:\n  alertname: over\n  severity: warning\n\nStarted: 2026-02-20 12:07:00 UTC\nEnded: 2026-02-20 12:10:00 UTC"}');
INSERT INTO "effect" VALUES(9,1771607400000000,'create_ticket','1004','tr1-49eefd727314697e9e296c9ab20fffeb4addb5b9575d2dda8e72e30453ccedf7','{"description":"over 3% free\n\nLabels:\n  alertname: over\n  severity: warning\n\nStarted: 2026-02-20 17:10:00 UTC\n\nTicketrelay trm730d8b7d800e34082f47a0f3aecdaf41","priority":"medium","subject":"over 3% free"}');
INSERT INTO "effect" VALUES(10,1771607400000000,'create_ticket','1005','tr1-be11caa6e4cdca437c66acad6aba1074ea02d27f6e3880bd262631f130a87be8','{"description":"From: grace@staff.example.net\n\nIt is ours.\n\nTicketrelay trm1597df40d1029bae6d2405a65fa29dd1","priority":"medium","subject":"The gate"}');
INSERT INTO "effect" VALUES(11,1771607400000000,'create_ticket','1006','tr1-4921333f45b4028d207011e34e189be15bed150e1086a7fb049db8046eeb70e6','{"description":"From: ada@customer.example\n\nIt squeaks.\n\nTicketrelay trmb5cbe83659f2b5554647c8fa0513a150","priority":"medium","subject":"The door"}');
INSERT INTO "effect" VALUES(12,1771607400000000,'add_note','1005','tr1-87f9903284d797e9cd0f74130d8b6d40e46a0498c920d6e5aa504103f12547fd','{"body":"From: grace@staff.example.net\n\n#priority high\n\nLook at it.","private":false}');
INSERT INTO "effect" VALUES(13,1771607400000000,'add_note','1006','tr1-fecfc2d853d08af78643ea22ff337d214262619beabf1c544b66b9bc30efdfec','{"body":"From: ada@customer.example\n\nIt still does.","private":false}');
INSERT INTO "effect" VALUES(14,1771607400000000,'create_ticket','1007','tr1-860f7c2cf48582b35cfa2fb11c28aa2a4a99953c77055039cfc7b4e05b7217c7','{"description":"From: Support <support@example.net>\n\nWe have it.\n\nTicketrelay trm63fb7475c6184fe052dd3a4fbb0be0a3","priority":"medium","subject":"Your ticket"}');
INSERT INTO "effect" VALUES(15,1771607400000000,'update_ticket','1005',NULL,'{"priority":"high"}');
INSERT INTO "effect" VALUES(16,1771607400000000,'add_note','1007','tr1-913a938a1dcb6bba45fddd326ac7973493366e96d607bfd9c3b7ef84dd993090','{"body":"From: Ada Byron <ada@customer.example>\n\nI am back on Monday.","private":true}');
INSERT INTO "effect" VALUES(17,1771607400000000,'create_ticket','1008','tr1-0ef7c84fa51cd42ecf461099dc584afbaf8e2bdbe12a0514fe723b2378e17146','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trma13176f3d12d165ec9a548035669157c","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(18,1771607400000000,'create_ticket','1009','tr1-e1b86d2e30629b4e78602f6c3973ab776b2f166a37a440d3c819a74b266f6b1e','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trm8157d0b3b819c155bb227380dcaf250b","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(19,1771607400000000,'create_ticket','1010','tr1-c25d951b9420d1df2c56abe443588e50392c15e157e03b56b6378727d5a36f89','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trmf9ed517b95d6f517e80fa4cda8c87918","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(20,1771607400000000,'create_ticket','1011','tr1-54b24058495c8f77eb7512550b89b45a1604ca646647e35da9798a9d6d2dc2c9','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trm032cbc9d48219a3479e4a66e757dc037","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(21,1771607400000000,'create_ticket','1012','tr1-df07cb8583a7b5d53c88db8d8a6c6b253b7e2cd2abcc0f94365bc85419927fe3','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trm780d107014c9b457dd1f9f437ce7e733","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(22,1771607400000000,'create_ticket','1013','tr1-3d8b6efdc644f442111cc3e0c8c646f0eb769046393082c9d09de38ad1fb5c7a','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trm290107900528e88937b177775910efc1","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(23,1771607400000000,'create_ticket','1014','tr1-020ded14c8067623b17aa0ea5dacd936019dab3f6f9b5bc07116d00a81fd2617','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trm43a6aae1a7cb100f248570cb48d6473f","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(24,1771607400000000,'create_ticket','1015','tr1-4a4baddff16efa188806fc2de7e5f0e4ae5961cc99cbce6ad91d0a3c2a74ee99','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trm78fbd62e694bdfa9c7527c5791a9e784","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(25,1771607400000000,'create_ticket','1016','tr1-8d94035ac4077544e623d918c7206684a854917d429ff402ba683e456bca32e1','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trm22e2c9f4649fcd79d85acaae68a3cb23","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(26,1771607400000000,'create_ticket','1017','tr1-159e8b7b2e3bc54d72859363f798bec394298de4407182002fc1ec765459b9bf','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trm51afb1696aedb2c2e96fbf675774715e","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(27,1771607400000000,'create_ticket','1018','tr1-67eba1839f081e372293a3bebaf8b18d624568870d9f90a2d241ca90c40673cd','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trm67c5445b8840f262c8d1950a9743f1e1","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(28,1771607400000000,'create_ticket','1019','tr1-a07cf3a0a229cfba413dcb9e754179723a3662e2c4fe4f49568d17958c8ccedb','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trmbc41af858e813018b5e18969b3d7dfb2","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(29,1771607400000000,'create_ticket','1020','tr1-75fa7468ffb5ce9aa4aa2b586c1365a5c93fe5a2b821155dc8e4511acd3e11ab','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trm3db6fd9e981187f95f6a35603c058700","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(30,1771607400000000,'create_ticket','1021','tr1-f0b17e03b62bc502a4307a86ebfada9400ce0cef5aae4e0895af7519b842d394','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trm47c22dda812bf1f870fce820f192bc3a","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(31,1771607400000000,'create_ticket','1022','tr1-774b10bd9521c35d916dfcc584cb906c353f65d20dbf90aefb1c01cd21388380','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trm6488ed068f7685e7fd5af6b65df5d9c5","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(32,1771607400000000,'create_ticket','1023','tr1-79707014a2faf4921baaca4cbe93ffa6d0d9e4c8af697caabfcfecaa75e00691','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trm0461e6a8d07a3b18a1a9fbd9420517c5","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(33,1771607400000000,'create_ticket','1024','tr1-0ae15c081260c1bff57a030c225a99de71020a93427f2f1e4a8910ebeaba2231','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trmf17902a7ee0bdfb13e36b991ca680a2f","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(34,1771607400000000,'create_ticket','1025','tr1-8f384b46259923091165a92e273775b206838a4c07b99e8c582945dfc8b7e9ed','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trm658b1042c7b884451c6eca325ce4101e","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(35,1771607400000000,'create_ticket','1026','tr1-5a6192772790b97a23917a643017eb5891e995d554887e0ccc6d85be75fdb2e2','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trmace4fc64c9a5a271a87f29a8c7db5fbf","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(36,1771607400000000,'create_ticket','1027','tr1-9794a49316345007a278d10f1a436d9ea609819e2d4972d15b926e8ee42c617a','{"description":"From: robot@else.example\n\nI am away.\n\nTicketrelay trm2d67d4ceb7bc23745bb115751e6bba8c","priority":"medium","subject":"Away"}');
INSERT INTO "effect" VALUES(37,1771607400000000,'add_note','1027','tr1-107dbc7373e25bfafff39d69e5f5a0eaf9aabad4301fc886fd258b94e9859ab5','{"body":"More than 20 messages with this sender and subject came in 60 minutes, as when two automatic answers face each other. This one, and those that follow, are only recorded.\n\nFrom: robot@else.example\n\nI am away.","private":true}');
INSERT INTO "effect" VALUES(38,1771607400000000,'create_ticket','1028','tr1-540d89cdd76e71859be4a543c9fe6cc76cabec41ff3903f9e9157f8db2336065','{"description":"late 3% free\n\nLabels:\n  alertname: late\n  severity: warning\n\nStarted: 2026-02-20 17:10:00 UTC\n\nTicketrelay trm3424a9e8cf6849ad60cbc96330963196","priority":"medium","subject":"late 3% free"}');
INSERT INTO "effect" VALUES(39,1771607402000000,'create_ticket','1029',NULL,'{"subject":"By hand","description":"bound is full"}');
INSERT INTO "effect" VALUES(40,1771607402000000,'create_ticket','1030','tr1-a6b3bc48142a42f4befa3e436eb49033703680ee87b6c96ebc8eefa58a208f0d','{"description":"What was meant\n\nTicketrelay trm7fe612dde0bfa174334c05c21ae6d5f1","subject":"Edited by a person"}');
INSERT INTO "effect" VALUES(41,1771607402000000,'create_ticket','1031','tr1-0f20fb8b7a0d9c9fccbcb06ca265692315b8c9d8874c169eee2252659dddcfa1','{"description":"in-vain 3% free\n\nLabels:\n  alertname: in-vain\n  severity: info\n\nStarted: 2026-02-20 17:10:02 UTC\n\nTicketrelay trm40b98c6334ca5820eea50f1989e43a22","priority":"low","subject":"in-vain 3% free"}');
INSERT INTO "effect" VALUES(42,1771607402000000,'create_ticket','1032','tr1-4530144a68d8d83bab336710dd9964fe52950a57f97f2e629a94ba8e89383866','{"description":"note-refused 3% free\n\nLabels:\n  alertname: note-refused\n  severity: page\n\nStarted: 2026-02-20 17:10:02 UTC\n\nTicketrelay trmd597cda412159bd6b137d25d139754de","priority":"urgent","subject":"note-refused 3% free"}');
INSERT INTO "effect" VALUES(43,1771607404500000,'create_ticket','1033','tr1-b78e8858403dc8926b73b238708e4d602f07d8230e4c8e6b99c49db6cc6eab4f','{"description":"retried 3% free\n\nLabels:\n  alertname: retried\n  severity: warning\n\nStarted: 2026-02-20 17:10:00 UTC\n\nTicketrelay trm1f4522286c9cd1b2f6fa74191958fdc2","priority":"medium","subject":"retried 3% free"}');
INSERT INTO "effect" VALUES(44,1771607404500000,'update_ticket','1032',NULL,'{"priority":"medium"}');
INSERT INTO "effect" VALUES(45,1771607494500000,'create_ticket','1034','tr1-32de238ad3b84e0c9a5e9c6b0f2f33c1574c51a5ae0a841f246f31314e9f56da','{"description":"swallowed 3% free\n\nLabels:\n  alertname: swallowed\n  severity: warning\n\nStarted: 2026-02-20 17:11:34 UTC\n\nTicketrelay trm1ef6ab81c414905ad0ec48ce49e2c7dd","priority":"medium","subject":"swallowed 3% free"}');
INSERT INTO "effect" VALUES(46,1771607494500000,'create_ticket','1035','tr1-24c66aab65a9fc08b97e503dbfb7dc9244d9fc269718598d31106053f6ea00dc','{"description":"adopted 3% free\n\nLabels:\n  alertname: adopted\n  severity: warning\n\nStarted: 2026-02-20 17:11:34 UTC\n\nTicketrelay trm03bfc8c54bfbc5ba7ae25070643e04ae","priority":"medium","subject":"adopted 3% free"}');
INSERT INTO "effect" VALUES(47,1771607494500000,'create_ticket','1036','tr1-85c03fd5564a9b9d059ede3e280789aa694259613ad5f2c8bfadd56894bc8ae1','{"description":"touched 3% free\n\nLabels:\n  alertname: touched\n  severity: warning\n\nStarted: 2026-02-20 17:11:34 UTC\n\nTicketrelay trm7f94465c62a4cdda6342a08faad2b797","priority":"medium","subject":"touched 3% free"}');
INSERT INTO "effect" VALUES(48,1771697494500000,'update_ticket','1036',NULL,'{"description":"touched 3% free\n\nLabels:\n  alertname: touched\n  severity: warning\n\nStarted: 2026-02-20 17:11:34 UTC\n\nTicketrelay trm7f94465c62a4cdda6342a08faad2b797\n\nA person wrote below it."}');
INSERT INTO "effect" VALUES(49,1771697494500000,'create_ticket','1037','tr1-90935feca6ca71e4b86425d5ff3fbc60cb1b0727a909e9ed9758313299e90270','{"description":"absent 3% free\n\nLabels:\n  alertname: absent\n  severity: warning\n\nStarted: 2026-02-20 17:11:34 UTC\n\nTicketrelay trm4fdc35b6d25f78de33ba8a0617b01653","priority":"medium","subject":"absent 3% free"}');
INSERT INTO "effect" VALUES(50,1771697494500000,'create_ticket','1038','tr1-b06a76b7b3b90a42c832953d4cc3069e122b19c49843e6db4928e8b2b32673c1','{"description":"closed-in-doubt 3% free\n\nLabels:\n  alertname: closed-in-doubt\n  severity: warning\n\nStarted: 2026-02-21 18:11:34 UTC\n\nTicketrelay trm030aceddf4530dfc6deccf39e833de80","priority":"medium","subject":"closed-in-doubt 3% free"}');
INSERT INTO "effect" VALUES(51,1771697494500000,'close_ticket','1038','tr1-941f25ea3f73ab4b47ce69034f6bb282240ad9e035529113c8886bffb0f3cf59','{"resolution_notes":"Resolved at 2026-02-21 18:11:34 UTC, says prom.\n\nclosed-in-doubt all well\n\nLabels:\n  alertname: closed-in-doubt\n  severity: warning\n\nStarted: 2026-02-21 18:11:34 UTC\nEnded: 2026-02-21 18:11:34 UTC"}');
INSERT INTO "effect" VALUES(52,1771697555000000,'create_ticket','1039','tr1-4e18a5ce307d9c2a85cd996a048d27db9769d6675065af238a57eaaa4258d127','{"description":"people-pending 3% free\n\nLabels:\n  alertname: people-pending\n  severity: warning\n\nStarted: 2026-02-21 18:12:35 UTC\n\nTicketrelay trm39fc02a68906be2ccbb694bb2b0ea661","priority":"medium","subject":"people-pending 3% free"}');
INSERT INTO "effect" VALUES(53,1771697555000000,'create_ticket','1040','tr1-a2714f26d97ade48aaca7c569fb6a656ff61155ef8031537449bb41884db3b01','{"description":"people-by-hand-resolved 3% free\n\nLabels:\n  alertname: people-by-hand-resolved\n  severity: warning\n\nStarted: 2026-02-21 18:12:35 UTC\n\nTicketrelay trm54baae6457dbfd944cd043d18adecc2e","priority":"medium","subject":"people-by-hand-resolved 3% free"}');
INSERT INTO "effect" VALUES(54,1771697555000000,'create_ticket','1041','tr1-c99b9d50f099902eafd106af2751d09bfeae5f1c8018c59a97ae7f8c21f776e3','{"description":"people-by-hand-closed 3% free\n\nLabels:\n  alertname: people-by-hand-closed\n  severity: warning\n\nStarted: 2026-02-21 18:12:35 UTC\n\nTicketrelay trm5ab5345a85dfcb661a69cba7457cf551","priority":"medium","subject":"people-by-hand-closed 3% free"}');
INSERT INTO "effect" VALUES(55,1771697555000000,'create_ticket','1042','tr1-d5b50c0c99e2162162aefc61a5e335f522a87cecef98e9418b9cdea6aff9ebf0','{"description":"people-wont-fix 3% free\n\nLabels:\n  alertname: people-wont-fix\n  severity: warning\n\nStarted: 2026-02-21 18:12:35 UTC\n\nTicketrelay trm2cc472cb8f0ff97c1a9c12d2f2437e42","priority":"medium","subject":"people-wont-fix 3% free"}');
INSERT INTO "effect" VALUES(56,1771697555000000,'create_ticket','1043','tr1-278e9411f27b1c72b27eda0ee8d7bcac5448a96a0d70789c0c49a740c1989158','{"description":"people-by-hand-reopened 3% free\n\nLabels:\n  alertname: people-by-hand-reopened\n  severity: warning\n\nStarted: 2026-02-21 18:12:35 UTC\n\nTicketrelay trm3ecc0ab319de296064dc7ae6c8d290aa","priority":"medium","subject":"people-by-hand-reopened 3% free"}');
INSERT INTO "effect" VALUES(57,1771697555000000,'create_ticket','1044','tr1-8370a670f835d52dfb85312cff5d1f68c9d812f76d76d599a341562a3cbad7c0','{"description":"people-gone 3% free\n\nLabels:\n  alertname: people-gone\n  severity: warning\n\nStarted: 2026-02-21 18:12:35 UTC\n\nTicketrelay trmf212cc68055d8d7a4d6b90b274fe71c8","priority":"medium","subject":"people-gone 3% free"}');
INSERT INTO "effect" VALUES(58,1771697915000000,'create_ticket','1045','tr1-d078143d6c7eb20cbff98660070df59fb2e124952c01ea7a7baecb2f71e029a7','{"description":"The text of this message is private. It is in the private notes of this ticket.\n\nTicketrelay trm6825aab7ef677e44c8c47485fc7ddc8e","priority":"medium","subject":"A private message from chat"}');
INSERT INTO "effect" VALUES(59,1771697915000000,'add_note','1045','tr1-8c7fdab71d2f72ab30fb2e661b28d435e918bb740e7f9415585a38d05eba6f16','{"body":"Thread 0\n\nThread 0\n\nSlack: @U0ADA0001 in #C0HELP001, 2026-03-14 02:00:00 UTC","private":true}');
INSERT INTO "effect" VALUES(60,1771697915000000,'create_ticket','1046','tr1-42bb6235b4f5eb48ed0fe87cdb2dae929ed3e795da93580dda263e58a6f29bab','{"description":"The text of this message is private. It is in the private notes of this ticket.\n\nTicketrelay trm1ad50b74200cdae00c7e7e3d1e02bf4c","priority":"medium","subject":"A private message from chat"}');
INSERT INTO "effect" VALUES(61,1771697915000000,'add_note','1046','tr1-1ec5efafdaac1bf7cec0e0c5da82892b0b70df25f4020c4e56ea67bc51feeb56','{"body":"Thread 1\n\nThread 1\n\nSlack: @U0ADA0001 in #C0HELP001, 2026-03-14 02:00:01 UTC","private":true}');
INSERT INTO "effect" VALUES(62,1771697915000000,'create_ticket','1047','tr1-8138a68f62e615b22f57df944db98e87fd993a53bc0d24bbe80c1abdfe922565','{"description":"The text of this message is private. It is in the private notes of this ticket.\n\nTicketrelay trme85be178db33a190ddf3798f9c2b7fad","priority":"medium","subject":"A private message from chat"}');
INSERT INTO "effect" VALUES(63,1771697915000000,'add_note','1047','tr1-345a1621cbda6e258c93dfdf704c43a0cc53f2d7eab6137a0809a71628d51690','{"body":"Thread 2\n\nThread 2\n\nSlack: @U0ADA0001 in #C0HELP001, 2026-03-14 02:00:02 UTC","private":true}');
INSERT INTO "effect" VALUES(64,1771697915000000,'create_ticket','1048','tr1-aef1740576de652d012e8fcffb87f2ec25dbf88f8aa0f40438b4fce68b006f38','{"description":"The text of this message is private. It is in the private notes of this ticket.\n\nTicketrelay trmf834ec5a35b9f7331b97c22c763ee368","priority":"medium","subject":"A private message from chat"}');
INSERT INTO "effect" VALUES(65,1771697915000000,'add_note','1048','tr1-add09eb03e2bcb78e445224064a51595db504359730d59f0536ad3de49626505','{"body":"Thread 3\n\nThread 3\n\nSlack: @U0ADA0001 in #C0HELP001, 2026-03-14 02:00:03 UTC","private":true}');
INSERT INTO "effect" VALUES(66,1771697915000000,'create_ticket','1049','tr1-a69a2635698552c0f628c36d53bdeb3bdff3f51a56a6f282b7625b57caf1a172','{"description":"The text of this message is private. It is in the private notes of this ticket.\n\nTicketrelay trm84b35938ec96626b276374f22c8ef8dc","priority":"medium","subject":"A private message from chat"}');
INSERT INTO "effect" VALUES(67,1771697915000000,'add_note','1049','tr1-99b9f8ff7ad514f78a19158476fa47e7d03de280e6c2ebf44df67b0de09292da','{"body":"Thread 4\n\nThread 4\n\nSlack: @U0ADA0001 in #C0HELP001, 2026-03-14 02:00:04 UTC","private":true}');
INSERT INTO "effect" VALUES(68,1771697915000000,'create_ticket','1050','tr1-eb3e2c2de4b44ae0fbfff1a2cbf7414ad7c45e9a08bb08942854a4e38c30d4b2','{"description":"One ticket for a group (team=core). What joins and leaves it later is in its notes.\n\ncore-a 3% free\n\ncore-a 3% free\n\nLabels:\n  alertname: core-a\n  severity: warning\n  team: core\n\nStarted: 2026-02-21 18:18:35 UTC\n\nTicketrelay trm05dbd9b5784940615d35e4495febd493","priority":"medium","subject":"team=core: core-a 3% free"}');
INSERT INTO "effect" VALUES(69,1771697915000000,'add_note','1050','tr1-387579b3c4664a06983219e85e22969059367abecda4e594b87987d74fd8cbc0','{"body":"core-b 3% free joined the group. Open now: 2.\n\ncore-b 3% free\n\nLabels:\n  alertname: core-b\n  severity: warning\n  team: core\n\nStarted: 2026-02-21 18:18:35 UTC","private":false}');
INSERT INTO "effect" VALUES(70,1771697915000000,'add_note','1050','tr1-43cc75c68b2fe01b3c44284b0e5e85c4330e61c55c55f1adfe592e549f8ec640','{"body":"core-c 3% free joined the group. Open now: 3.\n\ncore-c 3% free\n\nLabels:\n  alertname: core-c\n  severity: warning\n  team: core\n\nStarted: 2026-02-21 18:18:35 UTC","private":false}');
INSERT INTO "effect" VALUES(71,1771697915000000,'add_note','1050','tr1-7517f5534ad09023f5854e4cf3ceae674b7cb248b00ae5951952a0e5b1921734','{"body":"core-b all well left the group: it is resolved, says prom. Still open: 2.","private":false}');
INSERT INTO "effect" VALUES(72,1771697915000000,'create_ticket','1051','tr1-769345dd7c311e5dab2458c330306bceeece8b1690d7b84c350f2a3ce68665eb','{"description":"storm-0 3% free\n\nLabels:\n  alertname: storm-0\n  severity: warning\n  storm: yes\n\nStarted: 2026-02-21 18:18:35 UTC\n\nTicketrelay trmea24e7b93dd34a19108bc7f12ddb7305","priority":"medium","subject":"storm-0 3% free"}');
INSERT INTO "effect" VALUES(73,1771697915000000,'create_ticket','1052','tr1-aaf1a57bf708d2e4ef81155224c39130da36cf523bbfbea06cbc5120c2ee7931','{"description":"One ticket for a group (storm of prom (storm)). What joins and leaves it later is in its notes.\n\nstorm-2 3% free\n\nstorm-2 3% free\n\nLabels:\n  alertname: storm-2\n  severity: warning\n  storm: yes\n\nStarted: 2026-02-21 18:18:35 UTC\n\nTicketrelay trm473a99360ece9d715921097616d6bbe4","priority":"medium","subject":"storm of prom (storm): storm-2 3% free"}');
INSERT INTO "effect" VALUES(74,1771697915000000,'create_ticket','1053','tr1-51308f78ddf1aaa065f69e56e2115e99819c2ab02d67c03215f21caa25d267ed','{"description":"storm-1 3% free\n\nLabels:\n  alertname: storm-1\n  severity: warning\n  storm: yes\n\nStarted: 2026-02-21 18:18:35 UTC\n\nTicketrelay trmcb857ce07389cccce562cc31a48893e4","priority":"medium","subject":"storm-1 3% free"}');
INSERT INTO "effect" VALUES(75,1771697915000000,'add_note','1052','tr1-07d5ebc07483d17fd314d353005b2e139cca230ac1277edfd0e5f1457adfc4c5','{"body":"storm-3 3% free joined the group. Open now: 2.\n\nstorm-3 3% free\n\nLabels:\n  alertname: storm-3\n  severity: warning\n  storm: yes\n\nStarted: 2026-02-21 18:18:35 UTC","private":false}');
INSERT INTO "effect" VALUES(76,1771697915000000,'add_note','1052','tr1-5fc1700685ce765073717bcfedb2ef788a90fdce916fc33b54cff6a29406708b','{"body":"storm-4 3% free joined the group. Open now: 3.\n\nstorm-4 3% free\n\nLabels:\n  alertname: storm-4\n  severity: warning\n  storm: yes\n\nStarted: 2026-02-21 18:18:35 UTC","private":false}');
INSERT INTO "effect" VALUES(77,1771697915000000,'create_ticket','1054','tr1-5b0d3af735c5b5131f80d60b7467efd9c8fe7e44dfbe3152dc8ee18f40988bef','{"description":"beat 3% free\n\nLabels:\n  alertname: beat\n  severity: warning\n\nStarted: 2026-02-21 18:18:35 UTC\n\nTicketrelay trm4b87604d15028d66734f026ebda14795","priority":"medium","subject":"beat 3% free"}');
INSERT INTO "effect" VALUES(78,1771705115000000,'create_ticket','1055','tr1-f65dc04a9af576b3ddd62e6ef990034c7e671e5f63939113b53a418110ee5d04','{"description":"Nothing came from beats since 2026-02-21 18:18:35 UTC; something is expected every 1:00:00.\n\nTicketrelay trm0a339e5fee6dc326f4d3b6c9475331c0","priority":"high","subject":"beats has gone quiet"}');
INSERT INTO "effect" VALUES(79,1771705816000000,'create_ticket','1056','tr1-60a32c3ffcd676a89010ebca65175b4d8ac0c80724d89381241b11507e5701a6','{"description":"note-after 3% free\n\nLabels:\n  alertname: note-after\n  severity: warning\n\nStarted: 2026-02-21 20:30:16 UTC\n\nTicketrelay trme61f1e6ce6784b5a3c151a908c53cd98","priority":"medium","subject":"note-after 3% free"}');
INSERT INTO "effect" VALUES(80,1771705816000000,'create_ticket','1057','tr1-0054caf03cb3a7699d814976df49476cb2c91b84f573251539380df306ac4203','{"description":"close-after 3% free\n\nLabels:\n  alertname: close-after\n  severity: warning\n\nStarted: 2026-02-21 20:30:16 UTC\n\nTicketrelay trm6a9dfa74f323919c2b54cd12bbfda8eb","priority":"medium","subject":"close-after 3% free"}');
INSERT INTO "effect" VALUES(81,1771705816000000,'create_ticket','1058','tr1-9a3a665955c0699999b73b90062c70063e1b0835b5b8835f5deae2d8cb5ca076','{"description":"reopen-after 3% free\n\nLabels:\n  alertname: reopen-after\n  severity: warning\n\nStarted: 2026-02-21 20:30:16 UTC\n\nTicketrelay trmf0e867ca52e96a9001ab5eb6621dd5ad","priority":"medium","subject":"reopen-after 3% free"}');
INSERT INTO "effect" VALUES(82,1771705816000000,'create_ticket','1059','tr1-4ce8471456868b544aac5e5329269714090937c64e28fdd60989ef00c9734caa','{"description":"note-before 3% free\n\nLabels:\n  alertname: note-before\n  severity: warning\n\nStarted: 2026-02-21 20:30:16 UTC\n\nTicketrelay trm5097053e18c085e97e3944da1ceefb1c","priority":"medium","subject":"note-before 3% free"}');
INSERT INTO "effect" VALUES(83,1771705816000000,'create_ticket','1060','tr1-3682fa985181792ef05014d4ede893cbbff6930c3ad132958ea0bf843d45b846','{"description":"close-before 3% free\n\nLabels:\n  alertname: close-before\n  severity: warning\n\nStarted: 2026-02-21 20:30:16 UTC\n\nTicketrelay trmb6ffccdf5ab380c52121e64402c27784","priority":"medium","subject":"close-before 3% free"}');
INSERT INTO "effect" VALUES(84,1771705816000000,'create_ticket','1061','tr1-17fcbeb7521e13706bd96eba1feca8d805e74a0121c6ced3a93956ba6d32e960','{"description":"reopen-before 3% free\n\nLabels:\n  alertname: reopen-before\n  severity: warning\n\nStarted: 2026-02-21 20:30:16 UTC\n\nTicketrelay trm539a723ee42f11d5e6fafd9dff7e4e45","priority":"medium","subject":"reopen-before 3% free"}');
INSERT INTO "effect" VALUES(85,1771705816000000,'close_ticket','1058','tr1-4e804c15f5015787b915caf0077587e6fc4efca44ac4be60dd6cb356bf28001c','{"resolution_notes":"Resolved at 2026-02-21 20:30:16 UTC, says prom.\n\nreopen-after all well\n\nLabels:\n  alertname: reopen-after\n  severity: warning\n\nStarted: 2026-02-21 20:30:16 UTC\nEnded: 2026-02-21 20:30:16 UTC"}');
INSERT INTO "effect" VALUES(86,1771705816000000,'close_ticket','1061','tr1-0d781bb5ebee17a17aae9ca2d7adabe9e2b2012181a1f2789ae6e870e18697c4','{"resolution_notes":"Resolved at 2026-02-21 20:30:16 UTC, says prom.\n\nreopen-before all well\n\nLabels:\n  alertname: reopen-before\n  severity: warning\n\nStarted: 2026-02-21 20:30:16 UTC\nEnded: 2026-02-21 20:30:16 UTC"}');
INSERT INTO "effect" VALUES(87,1771705816000000,'create_ticket','1062','tr1-384ac88025103ece201e9a449e633c6ad9c60467d5d1855c149e98ad1599595a','{"description":"From: grace@staff.example.net\n\nIt is slow.\n\nTicketrelay trmf3cc346462a461d1d9eed1f39623ccb3","priority":"medium","subject":"Slow after"}');
INSERT INTO "effect" VALUES(88,1771705816000000,'create_ticket','1063','tr1-5ce4334455da5a58d1f303d0d279bb64c6f745cf77cec2ecebb0a0ec929fe415','{"description":"From: grace@staff.example.net\n\nIt is slow.\n\nTicketrelay trm86a03a23c47881c6ccc90a144d35c969","priority":"medium","subject":"Slow before"}');
INSERT INTO "effect" VALUES(89,1771705876000000,'create_ticket','1064','tr1-5f1ff33b5e05791d2f18d0e5ca98799b5976beda549507fd7b81d1ce9e914428','{"description":"waiting-0 3% free\n\nLabels:\n  alertname: waiting-0\n  severity: warning\n\nStarted: 2026-02-21 20:31:16 UTC\n\nTicketrelay trma4ac610a810b0a73f4154397bf8c30cb","priority":"medium","subject":"waiting-0 3% free"}');
INSERT INTO "effect" VALUES(90,1771705876000000,'create_ticket','1065','tr1-d8ba7f4e428cd44c6ee46394134fe7dc4a09da73a7372a41fd965a23f954fae8','{"description":"waiting-1 3% free\n\nLabels:\n  alertname: waiting-1\n  severity: warning\n\nStarted: 2026-02-21 20:31:16 UTC\n\nTicketrelay trm6535d43ef0129f11fcfc120b5d978dcd","priority":"medium","subject":"waiting-1 3% free"}');
INSERT INTO "effect" VALUES(91,1771705876000000,'create_ticket','1066','tr1-592200956e480bcfc5a96334beccc93d28552cb707b83db17e0105b524db28c5','{"description":"waiting-2 3% free\n\nLabels:\n  alertname: waiting-2\n  severity: warning\n\nStarted: 2026-02-21 20:31:16 UTC\n\nTicketrelay trm83a976366ad8b11cee37e8065db677a1","priority":"medium","subject":"waiting-2 3% free"}');
INSERT INTO "effect" VALUES(92,1771705876000000,'create_ticket','1067','tr1-2a16694d46b31c3cda5c53995dc5c4f4084e50afdecfd215b0345c3f061343e6','{"description":"waiting-3 3% free\n\nLabels:\n  alertname: waiting-3\n  severity: warning\n\nStarted: 2026-02-21 20:31:16 UTC\n\nTicketrelay trm914772c72b8f132307873ca242717039","priority":"medium","subject":"waiting-3 3% free"}');
INSERT INTO "effect" VALUES(93,1771705876000000,'create_ticket','1068','tr1-c2ddbc264383ff13f5795efad4d078176d26adf6c18ae2c512cd97c09ed3286c','{"description":"waiting-4 3% free\n\nLabels:\n  alertname: waiting-4\n  severity: warning\n\nStarted: 2026-02-21 20:31:16 UTC\n\nTicketrelay trm47290dd42df021adcb740227d72e6c17","priority":"medium","subject":"waiting-4 3% free"}');
INSERT INTO "effect" VALUES(94,1771705876000000,'create_ticket','1069','tr1-730855bc88cdcad633b8b5b844d8adfc4789dab34a675a027b7a248bea8f15f0','{"description":"waiting-5 3% free\n\nLabels:\n  alertname: waiting-5\n  severity: warning\n\nStarted: 2026-02-21 20:31:16 UTC\n\nTicketrelay trm8740533e587e908f8c1cb840e9fc1f9a","priority":"medium","subject":"waiting-5 3% free"}');
INSERT INTO "effect" VALUES(95,1771705876000000,'create_ticket','1070','tr1-0561de1de49ceeef887a7b8c4d929993fcbdacc071044fc0b354fc104d73929e','{"description":"waiting-6 3% free\n\nLabels:\n  alertname: waiting-6\n  severity: warning\n\nStarted: 2026-02-21 20:31:16 UTC\n\nTicketrelay trmf111704272253ad72ac3b2ebc88fc518","priority":"medium","subject":"waiting-6 3% free"}');
INSERT INTO "effect" VALUES(96,1771705876000000,'create_ticket','1071','tr1-89c0e9f38ec8b078d8d7aa9341ac58904cd432d102d830aa5f2e4bb623fc51c3','{"description":"waiting-7 3% free\n\nLabels:\n  alertname: waiting-7\n  severity: warning\n\nStarted: 2026-02-21 20:31:16 UTC\n\nTicketrelay trm09da7a464577ccbb8cc599febe589f21","priority":"medium","subject":"waiting-7 3% free"}');
INSERT INTO "effect" VALUES(97,1771705876000000,'create_ticket','1072','tr1-47976921b602d17aa32e83fb921bace700f08fedac4e4b94f2c96de96e51578e','{"description":"waiting-8 3% free\n\nLabels:\n  alertname: waiting-8\n  severity: warning\n\nStarted: 2026-02-21 20:31:16 UTC\n\nTicketrelay trmb4b3770a5121adc08b89721525e5b212","priority":"medium","subject":"waiting-8 3% free"}');
INSERT INTO "effect" VALUES(98,1771705876000000,'create_ticket','1073','tr1-a70dd3bb4bb92cb353a30ad23d2fa07a3d8877bce82ca48bdacd90b121b732eb','{"description":"waiting-9 3% free\n\nLabels:\n  alertname: waiting-9\n  severity: warning\n\nStarted: 2026-02-21 20:31:16 UTC\n\nTicketrelay trm923cfbaceb63e94e7025a5eb045fbc78","priority":"medium","subject":"waiting-9 3% free"}');
INSERT INTO "effect" VALUES(99,1771705876000000,'create_ticket','1074','tr1-fbeda460a995bf3c436438eac37b5ae0157ddfbe6303815913a287cd03eedfd2','{"description":"waiting-10 3% free\n\nLabels:\n  alertname: waiting-10\n  severity: warning\n\nStarted: 2026-02-21 20:31:16 UTC\n\nTicketrelay trm1d00b7c8dc6869eb6c876d4a555c90b2","priority":"medium","subject":"waiting-10 3% free"}');
INSERT INTO "effect" VALUES(100,1771705876000000,'create_ticket','1075','tr1-a69bee7acf4e287450216481cedf0511fd9987b512c029586ba24d1d7e7f1260','{"description":"waiting-11 3% free\n\nLabels:\n  alertname: waiting-11\n  severity: warning\n\nStarted: 2026-02-21 20:31:16 UTC\n\nTicketrelay trmf312ea8b4e898a6d02d30e04df343071","priority":"medium","subject":"waiting-11 3% free"}');
INSERT INTO "effect" VALUES(101,1771705876000000,'create_ticket','1076','tr1-15bc3979b7f263b79c3f5a458263646c09d7102232ff75a62729bea8194da57b','{"description":"new-after 3% free\n\nLabels:\n  alertname: new-after\n  severity: warning\n\nStarted: 2026-02-21 20:31:16 UTC\n\nTicketrelay trm97df2df25c30efd18f86f62b4ce37749","priority":"medium","subject":"new-after 3% free"}');
INSERT INTO "effect" VALUES(102,1771705876000000,'add_note','1056','tr1-86df0450a63e99ffc77ffd78ee1fbbfcbf23cc1b2ae0570b04ced40b59373f3b','{"body":"It changed at prom.\n\nnote-after 2% free\n\nLabels:\n  alertname: note-after\n  severity: warning\n\nStarted: 2026-02-21 20:30:16 UTC","private":false}');
INSERT INTO "effect" VALUES(103,1771705876000000,'close_ticket','1057','tr1-abbfd34b40f0eb6488c4b9a0c0b90875f0cf871fa730a942035bdda0affa5f31','{"resolution_notes":"Resolved at 2026-02-21 20:31:16 UTC, says prom.\n\nclose-after all well\n\nLabels:\n  alertname: close-after\n  severity: warning\n\nStarted: 2026-02-21 20:30:16 UTC\nEnded: 2026-02-21 20:31:16 UTC"}');
INSERT INTO "effect" VALUES(104,1771705876000000,'reopen_ticket','1058',NULL,'{"status":"open"}');
INSERT INTO "effect" VALUES(105,1771705876000000,'add_note','1062','tr1-f3da73c20e94ce25100e64fa878409602ef18d2c374c4820d6d0da35ba878c26','{"body":"From: grace@staff.example.net\n\n#priority high","private":false}');
INSERT INTO "effect" VALUES(106,1771705876000000,'update_ticket','1062',NULL,'{"priority":"high"}');
INSERT INTO "effect" VALUES(107,1771705876000000,'add_note','1063','tr1-327291e6679cee4877484a2ed2c926fe4a7fe363bfe9e6bf7f33b398907b5f42','{"body":"From: grace@staff.example.net\n\n#priority high","private":false}');
INSERT INTO "effect" VALUES(108,1771705880000000,'create_ticket','1077','tr1-946cf6508d164a7e2bed5b4bc0de0c5eab694c2ff516fb4695d408a300acc1de','{"description":"made-and-killed 3% free\n\nLabels:\n  alertname: made-and-killed\n  severity: warning\n\nStarted: 2026-02-21 20:31:20 UTC\n\nTicketrelay trmfcfbb68644c329bd97db62842e39a763","priority":"medium","subject":"made-and-killed 3% free"}');
CREATE TABLE idempotency (
	api_key TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	fingerprint BLOB NOT NULL, 
	status INTEGER NOT NULL, 
	body BLOB NOT NULL, 
	at INTEGER NOT NULL, 
	PRIMARY KEY (api_key, "key")
);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-90935feca6ca71e4b86425d5ff3fbc60cb1b0727a909e9ed9758313299e90270',X'443B00CE7FC3AB24681D1052FB9FADBB612A9F543DFCDADFB84CDC194BA8319F',201,X'7B226964223A313033372C227375626A656374223A22616273656E742033252066726565222C226465736372697074696F6E223A22616273656E7420332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A20616273656E745C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32302031373A31313A3334205554435C6E5C6E5469636B657472656C61792074726D3466646333356236643235663738646533336261386130363137623031363533222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31313A33345A227D',1771697494500000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-b06a76b7b3b90a42c832953d4cc3069e122b19c49843e6db4928e8b2b32673c1',X'B65432813BE04A39E84EEFB0E5DD42CAFA2056F85DD124B4D22CB5605B3105D5',201,X'7B226964223A313033382C227375626A656374223A22636C6F7365642D696E2D646F7562742033252066726565222C226465736372697074696F6E223A22636C6F7365642D696E2D646F75627420332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A20636C6F7365642D696E2D646F7562745C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312031383A31313A3334205554435C6E5C6E5469636B657472656C61792074726D3033306163656464663435333064666336646563636633396538333364653830222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31313A33345A227D',1771697494500000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-941f25ea3f73ab4b47ce69034f6bb282240ad9e035529113c8886bffb0f3cf59',X'0101D568BB2A0318F83F89FD06BBD03F07E336DB8F76A99EF8AE6E32F40463D9',200,X'7B226964223A313033382C227375626A656374223A22636C6F7365642D696E2D646F7562742033252066726565222C226465736372697074696F6E223A22636C6F7365642D696E2D646F75627420332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A20636C6F7365642D696E2D646F7562745C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312031383A31313A3334205554435C6E5C6E5469636B657472656C61792074726D3033306163656464663435333064666336646563636633396538333364653830222C22737461747573223A22636C6F736564222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31313A33345A227D',1771697494500000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-4e18a5ce307d9c2a85cd996a048d27db9769d6675065af238a57eaaa4258d127',X'3ED6A408C8DEE1F2A9A5A2C6B16E53BBCEF8193597E64E6CC2EA178D6561017E',201,X'7B226964223A313033392C227375626A656374223A2270656F706C652D70656E64696E672033252066726565222C226465736372697074696F6E223A2270656F706C652D70656E64696E6720332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2070656F706C652D70656E64696E675C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312031383A31323A3335205554435C6E5C6E5469636B657472656C61792074726D3339666330326136383930366265326363626236393462623262306561363631222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31323A33355A227D',1771697555000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-a2714f26d97ade48aaca7c569fb6a656ff61155ef8031537449bb41884db3b01',X'84D386323D33B686E8FCCF58D716866E8F543843442BA8F869A70BDF79A3AD01',201,X'7B226964223A313034302C227375626A656374223A2270656F706C652D62792D68616E642D7265736F6C7665642033252066726565222C226465736372697074696F6E223A2270656F706C652D62792D68616E642D7265736F6C76656420332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2070656F706C652D62792D68616E642D7265736F6C7665645C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312031383A31323A3335205554435C6E5C6E5469636B657472656C61792074726D3534626161653634353764626664393434636430343364313861646563633265222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31323A33355A227D',1771697555000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-c99b9d50f099902eafd106af2751d09bfeae5f1c8018c59a97ae7f8c21f776e3',X'CAAFC31F20FE3DCB4CEE48DAFD60A866A1E5F8BB93CF53FBFE158BD79375E9A7',201,X'7B226964223A313034312C227375626A656374223A2270656F706C652D62792D68616E642D636C6F7365642033252066726565222C226465736372697074696F6E223A2270656F706C652D62792D68616E642D636C6F73656420332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2070656F706C652D62792D68616E642D636C6F7365645C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312031383A31323A3335205554435C6E5C6E5469636B657472656C61792074726D3561623533343561383564666362363631613639636261373435376366353531222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31323A33355A227D',1771697555000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-d5b50c0c99e2162162aefc61a5e335f522a87cecef98e9418b9cdea6aff9ebf0',X'8B1C581BF8B306F1375FC7FDE144DE76AFE9A6F97F7D6ADAEBFD109F8A990482',201,X'7B226964223A313034322C227375626A656374223A2270656F706C652D776F6E742D6669782033252066726565222C226465736372697074696F6E223A2270656F706C652D776F6E742D66697820332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2070656F706C652D776F6E742D6669785C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312031383A31323A3335205554435C6E5C6E5469636B657472656C61792074726D3263633437326362386630666639376331613963313264326632343337653432222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31323A33355A227D',1771697555000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-278e9411f27b1c72b27eda0ee8d7bcac5448a96a0d70789c0c49a740c1989158',X'E1AE87600B5F3D78DDE98D731EBE652C20E7B8346B8CD0073D489D3C19E93CB0',201,X'7B226964223A313034332C227375626A656374223A2270656F706C652D62792D68616E642D72656F70656E65642033252066726565222C226465736372697074696F6E223A2270656F706C652D62792D68616E642D72656F70656E656420332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2070656F706C652D62792D68616E642D72656F70656E65645C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312031383A31323A3335205554435C6E5C6E5469636B657472656C61792074726D3365636330616233313964653239363036346463376165366338643239306161222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31323A33355A227D',1771697555000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-8370a670f835d52dfb85312cff5d1f68c9d812f76d76d599a341562a3cbad7c0',X'242C85E9D3818A40CF7CCE4439EA5036D9425987BE77FF941DB91D9DBF722337',201,X'7B226964223A313034342C227375626A656374223A2270656F706C652D676F6E652033252066726565222C226465736372697074696F6E223A2270656F706C652D676F6E6520332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2070656F706C652D676F6E655C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312031383A31323A3335205554435C6E5C6E5469636B657472656C61792074726D6632313263633638303535643864376134643662393062323734666537316338222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31323A33355A227D',1771697555000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-d078143d6c7eb20cbff98660070df59fb2e124952c01ea7a7baecb2f71e029a7',X'68BCA38425A677777568C2964406F8598D65D42E33421751414377157C286E80',201,X'7B226964223A313034352C227375626A656374223A22412070726976617465206D6573736167652066726F6D2063686174222C226465736372697074696F6E223A225468652074657874206F662074686973206D65737361676520697320707269766174652E20497420697320696E207468652070726976617465206E6F746573206F662074686973207469636B65742E5C6E5C6E5469636B657472656C61792074726D3638323561616237656636373765343463386334373438356663376464633865222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-8c7fdab71d2f72ab30fb2e661b28d435e918bb740e7f9415585a38d05eba6f16',X'C17AE629F6E8885B31FACDCF25D2B697646EECC2AB857F98325DE2982BF1C4DB',201,X'7B226964223A372C227469636B65745F6964223A313034352C22626F6479223A2254687265616420305C6E5C6E54687265616420305C6E5C6E536C61636B3A204055304144413030303120696E2023433048454C503030312C20323032362D30332D31342030323A30303A303020555443222C2270726976617465223A747275652C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-42bb6235b4f5eb48ed0fe87cdb2dae929ed3e795da93580dda263e58a6f29bab',X'B525478E7FAC6F5EFBD3C1555B9EC9C39053E8AA43F27A79CD4A01BA9F898D30',201,X'7B226964223A313034362C227375626A656374223A22412070726976617465206D6573736167652066726F6D2063686174222C226465736372697074696F6E223A225468652074657874206F662074686973206D65737361676520697320707269766174652E20497420697320696E207468652070726976617465206E6F746573206F662074686973207469636B65742E5C6E5C6E5469636B657472656C61792074726D3161643530623734323030636461653030633765376533643165303262663463222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-1ec5efafdaac1bf7cec0e0c5da82892b0b70df25f4020c4e56ea67bc51feeb56',X'71F126F61F58F4024892C4E84906121BE3386ED3433E483E18DF60D2371B523C',201,X'7B226964223A382C227469636B65745F6964223A313034362C22626F6479223A2254687265616420315C6E5C6E54687265616420315C6E5C6E536C61636B3A204055304144413030303120696E2023433048454C503030312C20323032362D30332D31342030323A30303A303120555443222C2270726976617465223A747275652C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-8138a68f62e615b22f57df944db98e87fd993a53bc0d24bbe80c1abdfe922565',X'A58972457AB58539C12C74143943F6835A2C0E940831562234CDE873D63B573C',201,X'7B226964223A313034372C227375626A656374223A22412070726976617465206D6573736167652066726F6D2063686174222C226465736372697074696F6E223A225468652074657874206F662074686973206D65737361676520697320707269766174652E20497420697320696E207468652070726976617465206E6F746573206F662074686973207469636B65742E5C6E5C6E5469636B657472656C61792074726D6538356265313738646233336131393064646633373938663963326237666164222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-345a1621cbda6e258c93dfdf704c43a0cc53f2d7eab6137a0809a71628d51690',X'453A0A929B86393F3E439B73F5F6384EBF09161C944EDDCDD2AF65A4F57957DA',201,X'7B226964223A392C227469636B65745F6964223A313034372C22626F6479223A2254687265616420325C6E5C6E54687265616420325C6E5C6E536C61636B3A204055304144413030303120696E2023433048454C503030312C20323032362D30332D31342030323A30303A303220555443222C2270726976617465223A747275652C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-aef1740576de652d012e8fcffb87f2ec25dbf88f8aa0f40438b4fce68b006f38',X'1648EEE0F4B5A1B347AD3413CA9C56E08AD05E5B61E0A015FC545104797A464F',201,X'7B226964223A313034382C227375626A656374223A22412070726976617465206D6573736167652066726F6D2063686174222C226465736372697074696F6E223A225468652074657874206F662074686973206D65737361676520697320707269766174652E20497420697320696E207468652070726976617465206E6F746573206F662074686973207469636B65742E5C6E5C6E5469636B657472656C61792074726D6638333465633561333562396637333331623937633232633736336565333638222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-add09eb03e2bcb78e445224064a51595db504359730d59f0536ad3de49626505',X'B02706B95F076A5D310D983A4AAAC38DAB4814AA4052BF1D3AA2880C2E6C744A',201,X'7B226964223A31302C227469636B65745F6964223A313034382C22626F6479223A2254687265616420335C6E5C6E54687265616420335C6E5C6E536C61636B3A204055304144413030303120696E2023433048454C503030312C20323032362D30332D31342030323A30303A303320555443222C2270726976617465223A747275652C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-a69a2635698552c0f628c36d53bdeb3bdff3f51a56a6f282b7625b57caf1a172',X'B0C2F515D9F625175ED2AF64B3CC6BABAA2AF613235F7DE8CCCCEA3DF0FBB4EE',201,X'7B226964223A313034392C227375626A656374223A22412070726976617465206D6573736167652066726F6D2063686174222C226465736372697074696F6E223A225468652074657874206F662074686973206D65737361676520697320707269766174652E20497420697320696E207468652070726976617465206E6F746573206F662074686973207469636B65742E5C6E5C6E5469636B657472656C61792074726D3834623335393338656339363632366232373633373466323263386566386463222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-99b9f8ff7ad514f78a19158476fa47e7d03de280e6c2ebf44df67b0de09292da',X'D27D83BFBF31D81677D1B967A1FA945F73E1B9BE97D9DEE3139048EB5F6BCEF7',201,X'7B226964223A31312C227469636B65745F6964223A313034392C22626F6479223A2254687265616420345C6E5C6E54687265616420345C6E5C6E536C61636B3A204055304144413030303120696E2023433048454C503030312C20323032362D30332D31342030323A30303A303420555443222C2270726976617465223A747275652C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-eb3e2c2de4b44ae0fbfff1a2cbf7414ad7c45e9a08bb08942854a4e38c30d4b2',X'F0C0B522CE16A5585C009C1535084BCF711E7416E14E2C2431E62FED4C4B9EB2',201,X'7B226964223A313035302C227375626A656374223A227465616D3D636F72653A20636F72652D612033252066726565222C226465736372697074696F6E223A224F6E65207469636B657420666F7220612067726F757020287465616D3D636F7265292E2057686174206A6F696E7320616E64206C6561766573206974206C6174657220697320696E20697473206E6F7465732E5C6E5C6E636F72652D6120332520667265655C6E5C6E636F72652D6120332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A20636F72652D615C6E202073657665726974793A207761726E696E675C6E20207465616D3A20636F72655C6E5C6E537461727465643A20323032362D30322D32312031383A31383A3335205554435C6E5C6E5469636B657472656C61792074726D3035646264396235373834393430363135643335653434393566656264343933222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-387579b3c4664a06983219e85e22969059367abecda4e594b87987d74fd8cbc0',X'6BA9E4F6042358B35F7FD93D9022352E4AB5E0371F513B6A6C37F5D67F048D35',201,X'7B226964223A31322C227469636B65745F6964223A313035302C22626F6479223A22636F72652D622033252066726565206A6F696E6564207468652067726F75702E204F70656E206E6F773A20322E5C6E5C6E636F72652D6220332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A20636F72652D625C6E202073657665726974793A207761726E696E675C6E20207465616D3A20636F72655C6E5C6E537461727465643A20323032362D30322D32312031383A31383A333520555443222C2270726976617465223A66616C73652C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-43cc75c68b2fe01b3c44284b0e5e85c4330e61c55c55f1adfe592e549f8ec640',X'D3AF89218FFE28EF13DD368750EAB993E35C03C666C32BA9CB53DA40BC2B51D9',201,X'7B226964223A31332C227469636B65745F6964223A313035302C22626F6479223A22636F72652D632033252066726565206A6F696E6564207468652067726F75702E204F70656E206E6F773A20332E5C6E5C6E636F72652D6320332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A20636F72652D635C6E202073657665726974793A207761726E696E675C6E20207465616D3A20636F72655C6E5C6E537461727465643A20323032362D30322D32312031383A31383A333520555443222C2270726976617465223A66616C73652C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-7517f5534ad09023f5854e4cf3ceae674b7cb248b00ae5951952a0e5b1921734',X'70170504F8DB4B0A10D56DC851A8E6850C7C882CEC4487E1EAA3A2A8145A7E9F',201,X'7B226964223A31342C227469636B65745F6964223A313035302C22626F6479223A22636F72652D6220616C6C2077656C6C206C656674207468652067726F75703A206974206973207265736F6C7665642C20736179732070726F6D2E205374696C6C206F70656E3A20322E222C2270726976617465223A66616C73652C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-769345dd7c311e5dab2458c330306bceeece8b1690d7b84c350f2a3ce68665eb',X'02B471C06E1C56651C04AB0DAA5DA54B9F6A517236FE6CE58E98EC0A94180AF6',201,X'7B226964223A313035312C227375626A656374223A2273746F726D2D302033252066726565222C226465736372697074696F6E223A2273746F726D2D3020332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2073746F726D2D305C6E202073657665726974793A207761726E696E675C6E202073746F726D3A207965735C6E5C6E537461727465643A20323032362D30322D32312031383A31383A3335205554435C6E5C6E5469636B657472656C61792074726D6561323465376239336464333461313931303862633766313264646237333035222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-aaf1a57bf708d2e4ef81155224c39130da36cf523bbfbea06cbc5120c2ee7931',X'0B71713614C1B6919F42245A167134A59EF5ADE616D030A6CADC5B2CBFE6EAC1',201,X'7B226964223A313035322C227375626A656374223A2273746F726D206F662070726F6D202873746F726D293A2073746F726D2D322033252066726565222C226465736372697074696F6E223A224F6E65207469636B657420666F7220612067726F7570202873746F726D206F662070726F6D202873746F726D29292E2057686174206A6F696E7320616E64206C6561766573206974206C6174657220697320696E20697473206E6F7465732E5C6E5C6E73746F726D2D3220332520667265655C6E5C6E73746F726D2D3220332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2073746F726D2D325C6E202073657665726974793A207761726E696E675C6E202073746F726D3A207965735C6E5C6E537461727465643A20323032362D30322D32312031383A31383A3335205554435C6E5C6E5469636B657472656C61792074726D3437336139393336306563653964373135393231303937363136643662626534222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-51308f78ddf1aaa065f69e56e2115e99819c2ab02d67c03215f21caa25d267ed',X'BA0C609B1E57081BF28CAC038583840CD4EAC77FEF7033FC40D31C35BB9A091D',201,X'7B226964223A313035332C227375626A656374223A2273746F726D2D312033252066726565222C226465736372697074696F6E223A2273746F726D2D3120332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2073746F726D2D315C6E202073657665726974793A207761726E696E675C6E202073746F726D3A207965735C6E5C6E537461727465643A20323032362D30322D32312031383A31383A3335205554435C6E5C6E5469636B657472656C61792074726D6362383537636530373338396363636365353632636333316134383839336534222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-07d5ebc07483d17fd314d353005b2e139cca230ac1277edfd0e5f1457adfc4c5',X'1B7EA21AE4BB03E875D6B6A067C59326C60E0E5F2BA95DE76B4813C14F561270',201,X'7B226964223A31352C227469636B65745F6964223A313035322C22626F6479223A2273746F726D2D332033252066726565206A6F696E6564207468652067726F75702E204F70656E206E6F773A20322E5C6E5C6E73746F726D2D3320332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2073746F726D2D335C6E202073657665726974793A207761726E696E675C6E202073746F726D3A207965735C6E5C6E537461727465643A20323032362D30322D32312031383A31383A333520555443222C2270726976617465223A66616C73652C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-5fc1700685ce765073717bcfedb2ef788a90fdce916fc33b54cff6a29406708b',X'FF2BC8FE03D55A7258C4A51565B22F6B7A15D7192643BB986C3943CD3ECF8636',201,X'7B226964223A31362C227469636B65745F6964223A313035322C22626F6479223A2273746F726D2D342033252066726565206A6F696E6564207468652067726F75702E204F70656E206E6F773A20332E5C6E5C6E73746F726D2D3420332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2073746F726D2D345C6E202073657665726974793A207761726E696E675C6E202073746F726D3A207965735C6E5C6E537461727465643A20323032362D30322D32312031383A31383A333520555443222C2270726976617465223A66616C73652C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-5b0d3af735c5b5131f80d60b7467efd9c8fe7e44dfbe3152dc8ee18f40988bef',X'47FB44B5AD3D3F8281C85FEDEAC0DB595CE4D661C72ACF56A8C9FB9A2A561972',201,X'7B226964223A313035342C227375626A656374223A22626561742033252066726565222C226465736372697074696F6E223A226265617420332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A20626561745C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312031383A31383A3335205554435C6E5C6E5469636B657472656C61792074726D3462383736303464313530323864363637333466303236656264613134373935222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315431383A31383A33355A227D',1771697915000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-f65dc04a9af576b3ddd62e6ef990034c7e671e5f63939113b53a418110ee5d04',X'1B5B851E2BE5E547F384046A58A0B7DD8613998F310730E1982B16AF48AB2F1E',201,X'7B226964223A313035352C227375626A656374223A2262656174732068617320676F6E65207175696574222C226465736372697074696F6E223A224E6F7468696E672063616D652066726F6D2062656174732073696E636520323032362D30322D32312031383A31383A3335205554433B20736F6D657468696E6720697320657870656374656420657665727920313A30303A30302E5C6E5C6E5469636B657472656C61792074726D3061333339653566656536646333323666346433623663393437353333316330222C22737461747573223A226F70656E222C227072696F72697479223A2268696768222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A31383A33355A227D',1771705115000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-60a32c3ffcd676a89010ebca65175b4d8ac0c80724d89381241b11507e5701a6',X'987A42D77D204236CD24905F3E4258EC9544F11F74E7A094E4831CDDFB75C5BF',201,X'7B226964223A313035362C227375626A656374223A226E6F74652D61667465722033252066726565222C226465736372697074696F6E223A226E6F74652D616674657220332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A206E6F74652D61667465725C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33303A3136205554435C6E5C6E5469636B657472656C61792074726D6536316631653663653637383462356133633135316139303863353363643938222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33303A31365A227D',1771705816000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-0054caf03cb3a7699d814976df49476cb2c91b84f573251539380df306ac4203',X'BCC33232FCD6D844A8AE2A1D67ADB3055A25095D33E32391FCE0B49E697F2623',201,X'7B226964223A313035372C227375626A656374223A22636C6F73652D61667465722033252066726565222C226465736372697074696F6E223A22636C6F73652D616674657220332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A20636C6F73652D61667465725C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33303A3136205554435C6E5C6E5469636B657472656C61792074726D3661396466613734663332333931396332623534636431326262666461386562222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33303A31365A227D',1771705816000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-9a3a665955c0699999b73b90062c70063e1b0835b5b8835f5deae2d8cb5ca076',X'BE82692D9DEFB39AFC1323E20BF747F06F78C567BF2B14156FD7A49F2C399A62',201,X'7B226964223A313035382C227375626A656374223A2272656F70656E2D61667465722033252066726565222C226465736372697074696F6E223A2272656F70656E2D616674657220332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2072656F70656E2D61667465725C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33303A3136205554435C6E5C6E5469636B657472656C61792074726D6630653836376361353265393661393030316162356562363632316464356164222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33303A31365A227D',1771705816000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-4ce8471456868b544aac5e5329269714090937c64e28fdd60989ef00c9734caa',X'73CA8FFB9403A944C79BC1D55D1C9AF930715490E620237B987528D4C5108D5E',201,X'7B226964223A313035392C227375626A656374223A226E6F74652D6265666F72652033252066726565222C226465736372697074696F6E223A226E6F74652D6265666F726520332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A206E6F74652D6265666F72655C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33303A3136205554435C6E5C6E5469636B657472656C61792074726D3530393730353365313863303835653937653339343464613163656566623163222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33303A31365A227D',1771705816000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-3682fa985181792ef05014d4ede893cbbff6930c3ad132958ea0bf843d45b846',X'5453E8965879AC4C8035FC1DD1FB96E5C429FBC446B293236C3B136C4780B159',201,X'7B226964223A313036302C227375626A656374223A22636C6F73652D6265666F72652033252066726565222C226465736372697074696F6E223A22636C6F73652D6265666F726520332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A20636C6F73652D6265666F72655C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33303A3136205554435C6E5C6E5469636B657472656C61792074726D6236666663636466356162333830633532313231653634343032633237373834222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33303A31365A227D',1771705816000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-17fcbeb7521e13706bd96eba1feca8d805e74a0121c6ced3a93956ba6d32e960',X'E18AA1497C62899AD132807AEA9BFC1F138BE6904DF8CC3D00658244B86B2FB0',201,X'7B226964223A313036312C227375626A656374223A2272656F70656E2D6265666F72652033252066726565222C226465736372697074696F6E223A2272656F70656E2D6265666F726520332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2072656F70656E2D6265666F72655C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33303A3136205554435C6E5C6E5469636B657472656C61792074726D3533396137323365653432663131643565366661666439646666376534653435222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33303A31365A227D',1771705816000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-4e804c15f5015787b915caf0077587e6fc4efca44ac4be60dd6cb356bf28001c',X'BA7E82133DD885023A8EE32322F9BD504BE98F465645CE6D01E35D621BF3C330',200,X'7B226964223A313035382C227375626A656374223A2272656F70656E2D61667465722033252066726565222C226465736372697074696F6E223A2272656F70656E2D616674657220332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2072656F70656E2D61667465725C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33303A3136205554435C6E5C6E5469636B657472656C61792074726D6630653836376361353265393661393030316162356562363632316464356164222C22737461747573223A22636C6F736564222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33303A31365A227D',1771705816000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-0d781bb5ebee17a17aae9ca2d7adabe9e2b2012181a1f2789ae6e870e18697c4',X'21A5474FB123D0C925BC7818E5CF95532E2BA09217D89CBE518173A70801D35E',200,X'7B226964223A313036312C227375626A656374223A2272656F70656E2D6265666F72652033252066726565222C226465736372697074696F6E223A2272656F70656E2D6265666F726520332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2072656F70656E2D6265666F72655C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33303A3136205554435C6E5C6E5469636B657472656C61792074726D3533396137323365653432663131643565366661666439646666376534653435222C22737461747573223A22636C6F736564222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33303A31365A227D',1771705816000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-384ac88025103ece201e9a449e633c6ad9c60467d5d1855c149e98ad1599595a',X'B6AB8EC93F31A8B8AA5CA46C7D0A97557F7B53192AC196096D05B3EA85A53E0D',201,X'7B226964223A313036322C227375626A656374223A22536C6F77206166746572222C226465736372697074696F6E223A2246726F6D3A2067726163654073746166662E6578616D706C652E6E65745C6E5C6E497420697320736C6F772E5C6E5C6E5469636B657472656C61792074726D6633636333343634363261343631643164396565643166333936323363636233222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33303A31365A227D',1771705816000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-5ce4334455da5a58d1f303d0d279bb64c6f745cf77cec2ecebb0a0ec929fe415',X'15AE94AEB8178319904D3460D3CA856BAE9F8EE5130070878BA43C7E54223382',201,X'7B226964223A313036332C227375626A656374223A22536C6F77206265666F7265222C226465736372697074696F6E223A2246726F6D3A2067726163654073746166662E6578616D706C652E6E65745C6E5C6E497420697320736C6F772E5C6E5C6E5469636B657472656C61792074726D3836613033613233633437383831633663636339306131343464333563393639222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33303A31365A227D',1771705816000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-5f1ff33b5e05791d2f18d0e5ca98799b5976beda549507fd7b81d1ce9e914428',X'1BFFEBA50A0B8A04D94AFE2B7FB7AA98E65116EA0F89CB0664FD9839D65B7543',201,X'7B226964223A313036342C227375626A656374223A2277616974696E672D302033252066726565222C226465736372697074696F6E223A2277616974696E672D3020332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2077616974696E672D305C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33313A3136205554435C6E5C6E5469636B657472656C61792074726D6134616336313061383130623061373366343135343339376266386333306362222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-d8ba7f4e428cd44c6ee46394134fe7dc4a09da73a7372a41fd965a23f954fae8',X'6B2AD4B9B92AF54B699750D886BBC9C15F188208867665A5C92A7626BBD83401',201,X'7B226964223A313036352C227375626A656374223A2277616974696E672D312033252066726565222C226465736372697074696F6E223A2277616974696E672D3120332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2077616974696E672D315C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33313A3136205554435C6E5C6E5469636B657472656C61792074726D3635333564343365663031323966313166636663313230623564393738646364222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-592200956e480bcfc5a96334beccc93d28552cb707b83db17e0105b524db28c5',X'3DD513E46274E79BA4E8D6085A50019611C7DE253F983029211447A2331A682E',201,X'7B226964223A313036362C227375626A656374223A2277616974696E672D322033252066726565222C226465736372697074696F6E223A2277616974696E672D3220332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2077616974696E672D325C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33313A3136205554435C6E5C6E5469636B657472656C61792074726D3833613937363336366164386231316365653337653830363564623637376131222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-2a16694d46b31c3cda5c53995dc5c4f4084e50afdecfd215b0345c3f061343e6',X'0C41C7C421EAC4699BD59DCCAE168FA7D3D676CC6ACB5BFD255E87257137C422',201,X'7B226964223A313036372C227375626A656374223A2277616974696E672D332033252066726565222C226465736372697074696F6E223A2277616974696E672D3320332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2077616974696E672D335C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33313A3136205554435C6E5C6E5469636B657472656C61792074726D3931343737326337326238663133323330373837336361323432373137303339222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-c2ddbc264383ff13f5795efad4d078176d26adf6c18ae2c512cd97c09ed3286c',X'676EEE641AFA001D8D6EBE337B17A211BA8A00682BD3FD176D3614CCE31A8503',201,X'7B226964223A313036382C227375626A656374223A2277616974696E672D342033252066726565222C226465736372697074696F6E223A2277616974696E672D3420332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2077616974696E672D345C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33313A3136205554435C6E5C6E5469636B657472656C61792074726D3437323930646434326466303231616463623734303232376437326536633137222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-730855bc88cdcad633b8b5b844d8adfc4789dab34a675a027b7a248bea8f15f0',X'77C1B39BD34D306ADF4435F9F2546F138C704B84803421DF9DF911E3A8D4BB51',201,X'7B226964223A313036392C227375626A656374223A2277616974696E672D352033252066726565222C226465736372697074696F6E223A2277616974696E672D3520332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2077616974696E672D355C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33313A3136205554435C6E5C6E5469636B657472656C61792074726D3837343035333365353837653930386638633163623834306539666331663961222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-0561de1de49ceeef887a7b8c4d929993fcbdacc071044fc0b354fc104d73929e',X'4D1F8591FAAB5E343CE6C6CDC31228884E3B1A4D7056A29B4C517227BA0F536F',201,X'7B226964223A313037302C227375626A656374223A2277616974696E672D362033252066726565222C226465736372697074696F6E223A2277616974696E672D3620332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2077616974696E672D365C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33313A3136205554435C6E5C6E5469636B657472656C61792074726D6631313137303432373232353361643732616333623265626338386663353138222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-89c0e9f38ec8b078d8d7aa9341ac58904cd432d102d830aa5f2e4bb623fc51c3',X'F8628977C7EDB0415CD6BEC7F51875D6C5F27BBD50D4E66613CEFE1FC222CABF',201,X'7B226964223A313037312C227375626A656374223A2277616974696E672D372033252066726565222C226465736372697074696F6E223A2277616974696E672D3720332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2077616974696E672D375C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33313A3136205554435C6E5C6E5469636B657472656C61792074726D3039646137613436343537376363626238636335393966656265353839663231222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-47976921b602d17aa32e83fb921bace700f08fedac4e4b94f2c96de96e51578e',X'DB080CAD1C24A2B19B6B209795C4412295FFE5051C4DFC3EBF14F11B796A72F7',201,X'7B226964223A313037322C227375626A656374223A2277616974696E672D382033252066726565222C226465736372697074696F6E223A2277616974696E672D3820332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2077616974696E672D385C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33313A3136205554435C6E5C6E5469636B657472656C61792074726D6234623337373061353132316164633038623839373231353235653562323132222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-a70dd3bb4bb92cb353a30ad23d2fa07a3d8877bce82ca48bdacd90b121b732eb',X'23B22EB725944A96B384DE997E0B4440D564768032210B49358E6EA56701A42F',201,X'7B226964223A313037332C227375626A656374223A2277616974696E672D392033252066726565222C226465736372697074696F6E223A2277616974696E672D3920332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2077616974696E672D395C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33313A3136205554435C6E5C6E5469636B657472656C61792074726D3932336366626163656236336539346537303235613565623034356662633738222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-fbeda460a995bf3c436438eac37b5ae0157ddfbe6303815913a287cd03eedfd2',X'0951AF04D9806D4E7DC0F74782D0ED1087A90D85F9FE83CF2B2C84F3074BED41',201,X'7B226964223A313037342C227375626A656374223A2277616974696E672D31302033252066726565222C226465736372697074696F6E223A2277616974696E672D313020332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2077616974696E672D31305C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33313A3136205554435C6E5C6E5469636B657472656C61792074726D3164303062376338646336383639656236633837366434613535356339306232222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-a69bee7acf4e287450216481cedf0511fd9987b512c029586ba24d1d7e7f1260',X'8951A38C983AE6C5B168CB1351AEE86D3BA692608C297DA353E3FB465310FB32',201,X'7B226964223A313037352C227375626A656374223A2277616974696E672D31312033252066726565222C226465736372697074696F6E223A2277616974696E672D313120332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A2077616974696E672D31315C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33313A3136205554435C6E5C6E5469636B657472656C61792074726D6633313265613862346538393861366430326433306530346466333433303731222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-15bc3979b7f263b79c3f5a458263646c09d7102232ff75a62729bea8194da57b',X'524A27BA309BF79879302B149AE11E4FD0ECA6F98B3EB81CCE2E3230FAE2466E',201,X'7B226964223A313037362C227375626A656374223A226E65772D61667465722033252066726565222C226465736372697074696F6E223A226E65772D616674657220332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A206E65772D61667465725C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33313A3136205554435C6E5C6E5469636B657472656C61792074726D3937646632646632356333306566643138663836663632623463653337373439222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-86df0450a63e99ffc77ffd78ee1fbbfcbf23cc1b2ae0570b04ced40b59373f3b',X'92FD0E33A7589341D6E98777953B3D9927B6E8B36791A1EC51CC8920FBF2C41D',201,X'7B226964223A31372C227469636B65745F6964223A313035362C22626F6479223A224974206368616E6765642061742070726F6D2E5C6E5C6E6E6F74652D616674657220322520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A206E6F74652D61667465725C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33303A313620555443222C2270726976617465223A66616C73652C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-abbfd34b40f0eb6488c4b9a0c0b90875f0cf871fa730a942035bdda0affa5f31',X'12EE760D26BE135657CC37E99E2FF67E646990FDBB407564A892B24E25DB1ED6',200,X'7B226964223A313035372C227375626A656374223A22636C6F73652D61667465722033252066726565222C226465736372697074696F6E223A22636C6F73652D616674657220332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A20636C6F73652D61667465725C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33303A3136205554435C6E5C6E5469636B657472656C61792074726D3661396466613734663332333931396332623534636431326262666461386562222C22737461747573223A22636C6F736564222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33303A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-f3da73c20e94ce25100e64fa878409602ef18d2c374c4820d6d0da35ba878c26',X'5AA13B4C1AC484EFC726171A5EB083219176E33C17A0BAA8FF2E7FA48831C650',201,X'7B226964223A31382C227469636B65745F6964223A313036322C22626F6479223A2246726F6D3A2067726163654073746166662E6578616D706C652E6E65745C6E5C6E237072696F726974792068696768222C2270726976617465223A66616C73652C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-327291e6679cee4877484a2ed2c926fe4a7fe363bfe9e6bf7f33b398907b5f42',X'63037CE9040D3E4BD8C6FF7643B86103043573BA6BAA0E907D31A7585453F34D',201,X'7B226964223A31392C227469636B65745F6964223A313036332C22626F6479223A2246726F6D3A2067726163654073746166662E6578616D706C652E6E65745C6E5C6E237072696F726974792068696768222C2270726976617465223A66616C73652C22637265617465645F6174223A22323032362D30322D32315432303A33313A31365A227D',1771705876000000);
INSERT INTO "idempotency" VALUES('41233098a34d10aa','tr1-946cf6508d164a7e2bed5b4bc0de0c5eab694c2ff516fb4695d408a300acc1de',X'573C5676F091600C5A1B109F3C2C346A3A59A9609FF6D05A3F105F53512582AE',201,X'7B226964223A313037372C227375626A656374223A226D6164652D616E642D6B696C6C65642033252066726565222C226465736372697074696F6E223A226D6164652D616E642D6B696C6C656420332520667265655C6E5C6E4C6162656C733A5C6E2020616C6572746E616D653A206D6164652D616E642D6B696C6C65645C6E202073657665726974793A207761726E696E675C6E5C6E537461727465643A20323032362D30322D32312032303A33313A3230205554435C6E5C6E5469636B657472656C61792074726D6663666262363836343463333239626439376462363238343265333961373633222C22737461747573223A226F70656E222C227072696F72697479223A226D656469756D222C2263617465676F7279223A6E756C6C2C22637265617465645F6174223A22323032362D30322D32315432303A33313A32305A227D',1771705880000000);
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
INSERT INTO "ticket" VALUES(1001,'fc4d22cb-14c6-451b-9f1f-8a65e243dffc','from-backup 3% free','from-backup 3% free

Labels:
  alertname: from-backup
  severity: warning

Started: 2026-02-20 12:00:00 UTC

Ticketrelay trmf06ae746cf70a049d11fa8b83bf4b065','open','medium',NULL,'{}',NULL,1771589220000000,1771589220000000,'from-backup 3% free
from-backup 3% free

labels:
  alertname: from-backup
  severity: warning

started: 2026-02-20 12:00:00 utc

ticketrelay trmf06ae746cf70a049d11fa8b83bf4b065');
INSERT INTO "ticket" VALUES(1002,'6f7c6644-7b3e-48f5-b49b-e7896cfa0daf','disk 3% free','disk 3% free

Labels:
  alertname: disk
  severity: warning

Started: 2026-02-20 12:07:00 UTC

Ticketrelay trm8546f68a6d9063e772838d261efb708d','open','medium',NULL,'{}',NULL,1771589220000000,1771589400000000,'disk 3% free
disk 3% free

labels:
  alertname: disk
  severity: warning

started: 2026-02-20 12:07:00 utc

ticketrelay trm8546f68a6d9063e772838d261efb708d');
INSERT INTO "ticket" VALUES(1003,'6733fd93-cf05-4b8b-a24e-1c0d440e1ada','over 3% free','over 3% free

Labels:
  alertname: over
  severity: warning

Started: 2026-02-20 12:07:00 UTC

Ticketrelay trm8f469b275f341d00b4e85ded5058ebad','closed','medium',NULL,'{}',NULL,1771589220000000,1771589400000000,'over 3% free
over 3% free

labels:
  alertname: over
  severity: warning

started: 2026-02-20 12:07:00 utc

ticketrelay trm8f469b275f341d00b4e85ded5058ebad');
INSERT INTO "ticket" VALUES(1004,'b8865a42-f027-4e2e-b04f-8162180c1ac4','over 3% free','over 3% free

Labels:
  alertname: over
  severity: warning

Started: 2026-02-20 17:10:00 UTC

Ticketrelay trm730d8b7d800e34082f47a0f3aecdaf41','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'over 3% free
over 3% free

labels:
  alertname: over
  severity: warning

started: 2026-02-20 17:10:00 utc

ticketrelay trm730d8b7d800e34082f47a0f3aecdaf41');
INSERT INTO "ticket" VALUES(1005,'c7035688-8c6b-400c-a62d-632b42f32c77','The gate','From: grace@staff.example.net

It is ours.

Ticketrelay trm1597df40d1029bae6d2405a65fa29dd1','open','high',NULL,'{}',NULL,1771607400000000,1771607400000000,'the gate
from: grace@staff.example.net

it is ours.

ticketrelay trm1597df40d1029bae6d2405a65fa29dd1');
INSERT INTO "ticket" VALUES(1006,'5c414415-e010-405b-9882-71fc0c7a1e89','The door','From: ada@customer.example

It squeaks.

Ticketrelay trmb5cbe83659f2b5554647c8fa0513a150','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'the door
from: ada@customer.example

it squeaks.

ticketrelay trmb5cbe83659f2b5554647c8fa0513a150');
INSERT INTO "ticket" VALUES(1007,'bcc4f6ae-6fe3-4cd7-aeb4-ed475cdc7fbd','Your ticket','From: Support <support@example.net>

We have it.

Ticketrelay trm63fb7475c6184fe052dd3a4fbb0be0a3','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'your ticket
from: support <support@example.net>

we have it.

ticketrelay trm63fb7475c6184fe052dd3a4fbb0be0a3');
INSERT INTO "ticket" VALUES(1008,'d1edfd4c-2966-4acd-a431-c236e9eed344','Away','From: robot@else.example

I am away.

Ticketrelay trma13176f3d12d165ec9a548035669157c','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trma13176f3d12d165ec9a548035669157c');
INSERT INTO "ticket" VALUES(1009,'6ac658d2-da9d-45d2-8716-e4595fa515c0','Away','From: robot@else.example

I am away.

Ticketrelay trm8157d0b3b819c155bb227380dcaf250b','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trm8157d0b3b819c155bb227380dcaf250b');
INSERT INTO "ticket" VALUES(1010,'95afdd23-648a-492b-a70c-fe4b54eeccfa','Away','From: robot@else.example

I am away.

Ticketrelay trmf9ed517b95d6f517e80fa4cda8c87918','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trmf9ed517b95d6f517e80fa4cda8c87918');
INSERT INTO "ticket" VALUES(1011,'f3ef9957-3fd2-418d-931f-30294dc9b079','Away','From: robot@else.example

I am away.

Ticketrelay trm032cbc9d48219a3479e4a66e757dc037','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trm032cbc9d48219a3479e4a66e757dc037');
INSERT INTO "ticket" VALUES(1012,'ecefeaf0-5bf1-4c09-b156-ab4fc58031a4','Away','From: robot@else.example

I am away.

Ticketrelay trm780d107014c9b457dd1f9f437ce7e733','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trm780d107014c9b457dd1f9f437ce7e733');
INSERT INTO "ticket" VALUES(1013,'5323aa16-c490-4962-aad7-d625d4ac4b9b','Away','From: robot@else.example

I am away.

Ticketrelay trm290107900528e88937b177775910efc1','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trm290107900528e88937b177775910efc1');
INSERT INTO "ticket" VALUES(1014,'70658f9a-a129-4b23-b818-e6107a6102a7','Away','From: robot@else.example

I am away.

Ticketrelay trm43a6aae1a7cb100f248570cb48d6473f','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trm43a6aae1a7cb100f248570cb48d6473f');
INSERT INTO "ticket" VALUES(1015,'e9c42678-adeb-498a-bf2f-c500e2aa44d7','Away','From: robot@else.example

I am away.

Ticketrelay trm78fbd62e694bdfa9c7527c5791a9e784','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trm78fbd62e694bdfa9c7527c5791a9e784');
INSERT INTO "ticket" VALUES(1016,'89b6d435-6c79-4408-9af0-51bb35eab5cd','Away','From: robot@else.example

I am away.

Ticketrelay trm22e2c9f4649fcd79d85acaae68a3cb23','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trm22e2c9f4649fcd79d85acaae68a3cb23');
INSERT INTO "ticket" VALUES(1017,'6dc3b70e-5413-4a94-acf1-9c0a90e14a4e','Away','From: robot@else.example

I am away.

Ticketrelay trm51afb1696aedb2c2e96fbf675774715e','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trm51afb1696aedb2c2e96fbf675774715e');
INSERT INTO "ticket" VALUES(1018,'b6afca7d-04ca-42d1-8ee3-a5a033df63aa','Away','From: robot@else.example

I am away.

Ticketrelay trm67c5445b8840f262c8d1950a9743f1e1','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trm67c5445b8840f262c8d1950a9743f1e1');
INSERT INTO "ticket" VALUES(1019,'e7861356-2312-48bf-96c3-46c6f9f47e6d','Away','From: robot@else.example

I am away.

Ticketrelay trmbc41af858e813018b5e18969b3d7dfb2','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trmbc41af858e813018b5e18969b3d7dfb2');
INSERT INTO "ticket" VALUES(1020,'4ce906f3-d8da-4c9a-9ca9-ff51e3eed062','Away','From: robot@else.example

I am away.

Ticketrelay trm3db6fd9e981187f95f6a35603c058700','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trm3db6fd9e981187f95f6a35603c058700');
INSERT INTO "ticket" VALUES(1021,'09317a75-e387-424b-a3bc-afcf9f63e643','Away','From: robot@else.example

I am away.

Ticketrelay trm47c22dda812bf1f870fce820f192bc3a','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trm47c22dda812bf1f870fce820f192bc3a');
INSERT INTO "ticket" VALUES(1022,'74029a77-f4b8-42d8-8aeb-083ff3c3ea1b','Away','From: robot@else.example

I am away.

Ticketrelay trm6488ed068f7685e7fd5af6b65df5d9c5','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trm6488ed068f7685e7fd5af6b65df5d9c5');
INSERT INTO "ticket" VALUES(1023,'c6f8e4ad-852b-40d6-9395-7060f178c672','Away','From: robot@else.example

I am away.

Ticketrelay trm0461e6a8d07a3b18a1a9fbd9420517c5','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trm0461e6a8d07a3b18a1a9fbd9420517c5');
INSERT INTO "ticket" VALUES(1024,'a90544e4-8e32-479b-9292-0865fb742a3f','Away','From: robot@else.example

I am away.

Ticketrelay trmf17902a7ee0bdfb13e36b991ca680a2f','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trmf17902a7ee0bdfb13e36b991ca680a2f');
INSERT INTO "ticket" VALUES(1025,'24a30189-7cbb-4f9d-9531-76317334a274','Away','From: robot@else.example

I am away.

Ticketrelay trm658b1042c7b884451c6eca325ce4101e','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trm658b1042c7b884451c6eca325ce4101e');
INSERT INTO "ticket" VALUES(1026,'63a92d3b-d754-4e77-a233-730406c1c71d','Away','From: robot@else.example

I am away.

Ticketrelay trmace4fc64c9a5a271a87f29a8c7db5fbf','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trmace4fc64c9a5a271a87f29a8c7db5fbf');
INSERT INTO "ticket" VALUES(1027,'8b803300-12e8-4d45-86cf-03b00e718e63','Away','From: robot@else.example

I am away.

Ticketrelay trm2d67d4ceb7bc23745bb115751e6bba8c','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'away
from: robot@else.example

i am away.

ticketrelay trm2d67d4ceb7bc23745bb115751e6bba8c');
INSERT INTO "ticket" VALUES(1028,'caa04b7d-42f2-439e-ac9a-b8102b9eced3','late 3% free','late 3% free

Labels:
  alertname: late
  severity: warning

Started: 2026-02-20 17:10:00 UTC

Ticketrelay trm3424a9e8cf6849ad60cbc96330963196','open','medium',NULL,'{}',NULL,1771607400000000,1771607400000000,'late 3% free
late 3% free

labels:
  alertname: late
  severity: warning

started: 2026-02-20 17:10:00 utc

ticketrelay trm3424a9e8cf6849ad60cbc96330963196');
INSERT INTO "ticket" VALUES(1029,'078364b6-e849-465f-b09b-76a08a63615b','By hand','bound is full','open','medium',NULL,'{}',NULL,1771607402000000,1771607402000000,'by hand
bound is full');
INSERT INTO "ticket" VALUES(1030,'d6b19379-f22f-4d2a-98ad-a441f5ded8a2','Edited by a person','What was meant

Ticketrelay trm7fe612dde0bfa174334c05c21ae6d5f1','open','medium',NULL,'{}',NULL,1771607402000000,1771607402000000,'edited by a person
what was meant

ticketrelay trm7fe612dde0bfa174334c05c21ae6d5f1');
INSERT INTO "ticket" VALUES(1031,'5aa3ef46-c117-48fc-862b-13822df9c061','in-vain 3% free','in-vain 3% free

Labels:
  alertname: in-vain
  severity: info

Started: 2026-02-20 17:10:02 UTC

Ticketrelay trm40b98c6334ca5820eea50f1989e43a22','open','low',NULL,'{}',NULL,1771607402000000,1771607402000000,'in-vain 3% free
in-vain 3% free

labels:
  alertname: in-vain
  severity: info

started: 2026-02-20 17:10:02 utc

ticketrelay trm40b98c6334ca5820eea50f1989e43a22');
INSERT INTO "ticket" VALUES(1032,'82a42062-3ebc-4eca-baf6-eadf32aabd0f','note-refused 3% free','note-refused 3% free

Labels:
  alertname: note-refused
  severity: page

Started: 2026-02-20 17:10:02 UTC

Ticketrelay trmd597cda412159bd6b137d25d139754de','open','medium',NULL,'{}',NULL,1771607402000000,1771607404500000,'note-refused 3% free
note-refused 3% free

labels:
  alertname: note-refused
  severity: page

started: 2026-02-20 17:10:02 utc

ticketrelay trmd597cda412159bd6b137d25d139754de');
INSERT INTO "ticket" VALUES(1033,'51a49a00-da04-413f-b2f2-fc8de8aaa0be','retried 3% free','retried 3% free

Labels:
  alertname: retried
  severity: warning

Started: 2026-02-20 17:10:00 UTC

Ticketrelay trm1f4522286c9cd1b2f6fa74191958fdc2','open','medium',NULL,'{}',NULL,1771607404500000,1771607404500000,'retried 3% free
retried 3% free

labels:
  alertname: retried
  severity: warning

started: 2026-02-20 17:10:00 utc

ticketrelay trm1f4522286c9cd1b2f6fa74191958fdc2');
INSERT INTO "ticket" VALUES(1034,'2a89eb9d-d07d-4dce-b40b-32641258726b','swallowed 3% free','swallowed 3% free

Labels:
  alertname: swallowed
  severity: warning

Started: 2026-02-20 17:11:34 UTC

Ticketrelay trm1ef6ab81c414905ad0ec48ce49e2c7dd','open','medium',NULL,'{}',NULL,1771607494500000,1771607494500000,'swallowed 3% free
swallowed 3% free

labels:
  alertname: swallowed
  severity: warning

started: 2026-02-20 17:11:34 utc

ticketrelay trm1ef6ab81c414905ad0ec48ce49e2c7dd');
INSERT INTO "ticket" VALUES(1035,'d9db5b34-76b8-457c-adb4-36350731d316','adopted 3% free','adopted 3% free

Labels:
  alertname: adopted
  severity: warning

Started: 2026-02-20 17:11:34 UTC

Ticketrelay trm03bfc8c54bfbc5ba7ae25070643e04ae','open','medium',NULL,'{}',NULL,1771607494500000,1771607494500000,'adopted 3% free
adopted 3% free

labels:
  alertname: adopted
  severity: warning

started: 2026-02-20 17:11:34 utc

ticketrelay trm03bfc8c54bfbc5ba7ae25070643e04ae');
INSERT INTO "ticket" VALUES(1036,'c76e7479-886d-4438-a2fc-f4610cb6fa89','touched 3% free','touched 3% free

Labels:
  alertname: touched
  severity: warning

Started: 2026-02-20 17:11:34 UTC

Ticketrelay trm7f94465c62a4cdda6342a08faad2b797

A person wrote below it.','open','medium',NULL,'{}',NULL,1771607494500000,1771697494500000,'touched 3% free
touched 3% free

labels:
  alertname: touched
  severity: warning

started: 2026-02-20 17:11:34 utc

ticketrelay trm7f94465c62a4cdda6342a08faad2b797

a person wrote below it.');
INSERT INTO "ticket" VALUES(1037,'9eb49fd9-9241-4669-84f2-f98ddc1ffe41','absent 3% free','absent 3% free

Labels:
  alertname: absent
  severity: warning

Started: 2026-02-20 17:11:34 UTC

Ticketrelay trm4fdc35b6d25f78de33ba8a0617b01653','open','medium',NULL,'{}',NULL,1771697494500000,1771697494500000,'absent 3% free
absent 3% free

labels:
  alertname: absent
  severity: warning

started: 2026-02-20 17:11:34 utc

ticketrelay trm4fdc35b6d25f78de33ba8a0617b01653');
INSERT INTO "ticket" VALUES(1038,'6e627e8a-dfb6-4841-895b-d333942ad45f','closed-in-doubt 3% free','closed-in-doubt 3% free

Labels:
  alertname: closed-in-doubt
  severity: warning

Started: 2026-02-21 18:11:34 UTC

Ticketrelay trm030aceddf4530dfc6deccf39e833de80','closed','medium',NULL,'{}',NULL,1771697494500000,1771697494500000,'closed-in-doubt 3% free
closed-in-doubt 3% free

labels:
  alertname: closed-in-doubt
  severity: warning

started: 2026-02-21 18:11:34 utc

ticketrelay trm030aceddf4530dfc6deccf39e833de80');
INSERT INTO "ticket" VALUES(1039,'988fa047-7279-482e-bc92-d3ea80efe2e3','people-pending 3% free','people-pending 3% free

Labels:
  alertname: people-pending
  severity: warning

Started: 2026-02-21 18:12:35 UTC

Ticketrelay trm39fc02a68906be2ccbb694bb2b0ea661','open','medium',NULL,'{}',NULL,1771697555000000,1771697555000000,'people-pending 3% free
people-pending 3% free

labels:
  alertname: people-pending
  severity: warning

started: 2026-02-21 18:12:35 utc

ticketrelay trm39fc02a68906be2ccbb694bb2b0ea661');
INSERT INTO "ticket" VALUES(1040,'287df35d-70eb-478b-b2b9-569a704e4419','people-by-hand-resolved 3% free','people-by-hand-resolved 3% free

Labels:
  alertname: people-by-hand-resolved
  severity: warning

Started: 2026-02-21 18:12:35 UTC

Ticketrelay trm54baae6457dbfd944cd043d18adecc2e','open','medium',NULL,'{}',NULL,1771697555000000,1771697555000000,'people-by-hand-resolved 3% free
people-by-hand-resolved 3% free

labels:
  alertname: people-by-hand-resolved
  severity: warning

started: 2026-02-21 18:12:35 utc

ticketrelay trm54baae6457dbfd944cd043d18adecc2e');
INSERT INTO "ticket" VALUES(1041,'df6a8b22-0547-47cc-ae4e-5e8708117eb3','people-by-hand-closed 3% free','people-by-hand-closed 3% free

Labels:
  alertname: people-by-hand-closed
  severity: warning

Started: 2026-02-21 18:12:35 UTC

Ticketrelay trm5ab5345a85dfcb661a69cba7457cf551','open','medium',NULL,'{}',NULL,1771697555000000,1771697555000000,'people-by-hand-closed 3% free
people-by-hand-closed 3% free

labels:
  alertname: people-by-hand-closed
  severity: warning

started: 2026-02-21 18:12:35 utc

ticketrelay trm5ab5345a85dfcb661a69cba7457cf551');
INSERT INTO "ticket" VALUES(1042,'7901212d-c33d-460b-9b13-0b54400a007f','people-wont-fix 3% free','people-wont-fix 3% free

Labels:
  alertname: people-wont-fix
  severity: warning

Started: 2026-02-21 18:12:35 UTC

Ticketrelay trm2cc472cb8f0ff97c1a9c12d2f2437e42','open','medium',NULL,'{}',NULL,1771697555000000,1771697555000000,'people-wont-fix 3% free
people-wont-fix 3% free

labels:
  alertname: people-wont-fix
  severity: warning

started: 2026-02-21 18:12:35 utc

ticketrelay trm2cc472cb8f0ff97c1a9c12d2f2437e42');
INSERT INTO "ticket" VALUES(1043,'27a027e4-e8cd-4351-9bef-f4c7ba021d67','people-by-hand-reopened 3% free','people-by-hand-reopened 3% free

Labels:
  alertname: people-by-hand-reopened
  severity: warning

Started: 2026-02-21 18:12:35 UTC

Ticketrelay trm3ecc0ab319de296064dc7ae6c8d290aa','open','medium',NULL,'{}',NULL,1771697555000000,1771697555000000,'people-by-hand-reopened 3% free
people-by-hand-reopened 3% free

labels:
  alertname: people-by-hand-reopened
  severity: warning

started: 2026-02-21 18:12:35 utc

ticketrelay trm3ecc0ab319de296064dc7ae6c8d290aa');
INSERT INTO "ticket" VALUES(1044,'1f55ed8f-a267-46ea-b512-b824e158c2e6','people-gone 3% free','people-gone 3% free

Labels:
  alertname: people-gone
  severity: warning

Started: 2026-02-21 18:12:35 UTC

Ticketrelay trmf212cc68055d8d7a4d6b90b274fe71c8','open','medium',NULL,'{}',NULL,1771697555000000,1771697555000000,'people-gone 3% free
people-gone 3% free

labels:
  alertname: people-gone
  severity: warning

started: 2026-02-21 18:12:35 utc

ticketrelay trmf212cc68055d8d7a4d6b90b274fe71c8');
INSERT INTO "ticket" VALUES(1045,'0f882a91-43ae-4529-b937-eb1e1a0250e2','A private message from chat','The text of this message is private. It is in the private notes of this ticket.

Ticketrelay trm6825aab7ef677e44c8c47485fc7ddc8e','open','medium',NULL,'{}',NULL,1771697915000000,1771697915000000,'a private message from chat
the text of this message is private. it is in the private notes of this ticket.

ticketrelay trm6825aab7ef677e44c8c47485fc7ddc8e');
INSERT INTO "ticket" VALUES(1046,'009e7ae1-20ba-468d-9172-428849687e22','A private message from chat','The text of this message is private. It is in the private notes of this ticket.

Ticketrelay trm1ad50b74200cdae00c7e7e3d1e02bf4c','open','medium',NULL,'{}',NULL,1771697915000000,1771697915000000,'a private message from chat
the text of this message is private. it is in the private notes of this ticket.

ticketrelay trm1ad50b74200cdae00c7e7e3d1e02bf4c');
INSERT INTO "ticket" VALUES(1047,'d0b91837-9887-4d4d-9c83-0f0597703942','A private message from chat','The text of this message is private. It is in the private notes of this ticket.

Ticketrelay trme85be178db33a190ddf3798f9c2b7fad','open','medium',NULL,'{}',NULL,1771697915000000,1771697915000000,'a private message from chat
the text of this message is private. it is in the private notes of this ticket.

ticketrelay trme85be178db33a190ddf3798f9c2b7fad');
INSERT INTO "ticket" VALUES(1048,'1398cf21-dc92-487e-b5d9-f20d9dd4102c','A private message from chat','The text of this message is private. It is in the private notes of this ticket.

Ticketrelay trmf834ec5a35b9f7331b97c22c763ee368','open','medium',NULL,'{}',NULL,1771697915000000,1771697915000000,'a private message from chat
the text of this message is private. it is in the private notes of this ticket.

ticketrelay trmf834ec5a35b9f7331b97c22c763ee368');
INSERT INTO "ticket" VALUES(1049,'699e922e-7721-4050-acda-b550f8e8aa3a','A private message from chat','The text of this message is private. It is in the private notes of this ticket.

Ticketrelay trm84b35938ec96626b276374f22c8ef8dc','open','medium',NULL,'{}',NULL,1771697915000000,1771697915000000,'a private message from chat
the text of this message is private. it is in the private notes of this ticket.

ticketrelay trm84b35938ec96626b276374f22c8ef8dc');
INSERT INTO "ticket" VALUES(1050,'28ecc025-8b6d-45d8-a2cb-d33b21b372f4','team=core: core-a 3% free','One ticket for a group (team=core). What joins and leaves it later is in its notes.

core-a 3% free

core-a 3% free

Labels:
  alertname: core-a
  severity: warning
  team: core

Started: 2026-02-21 18:18:35 UTC

Ticketrelay trm05dbd9b5784940615d35e4495febd493','open','medium',NULL,'{}',NULL,1771697915000000,1771697915000000,'team=core: core-a 3% free
one ticket for a group (team=core). what joins and leaves it later is in its notes.

core-a 3% free

core-a 3% free

labels:
  alertname: core-a
  severity: warning
  team: core

started: 2026-02-21 18:18:35 utc

ticketrelay trm05dbd9b5784940615d35e4495febd493');
INSERT INTO "ticket" VALUES(1051,'18dd774b-b1f4-4f66-a861-70500aa4154e','storm-0 3% free','storm-0 3% free

Labels:
  alertname: storm-0
  severity: warning
  storm: yes

Started: 2026-02-21 18:18:35 UTC

Ticketrelay trmea24e7b93dd34a19108bc7f12ddb7305','open','medium',NULL,'{}',NULL,1771697915000000,1771697915000000,'storm-0 3% free
storm-0 3% free

labels:
  alertname: storm-0
  severity: warning
  storm: yes

started: 2026-02-21 18:18:35 utc

ticketrelay trmea24e7b93dd34a19108bc7f12ddb7305');
INSERT INTO "ticket" VALUES(1052,'e875c38f-fa0c-48eb-99dd-1609fd44a502','storm of prom (storm): storm-2 3% free','One ticket for a group (storm of prom (storm)). What joins and leaves it later is in its notes.

storm-2 3% free

storm-2 3% free

Labels:
  alertname: storm-2
  severity: warning
  storm: yes

Started: 2026-02-21 18:18:35 UTC

Ticketrelay trm473a99360ece9d715921097616d6bbe4','open','medium',NULL,'{}',NULL,1771697915000000,1771697915000000,'storm of prom (storm): storm-2 3% free
one ticket for a group (storm of prom (storm)). what joins and leaves it later is in its notes.

storm-2 3% free

storm-2 3% free

labels:
  alertname: storm-2
  severity: warning
  storm: yes

started: 2026-02-21 18:18:35 utc

ticketrelay trm473a99360ece9d715921097616d6bbe4');
INSERT INTO "ticket" VALUES(1053,'aae228ed-d0bd-4d65-a6d4-43a0fd8bc373','storm-1 3% free','storm-1 3% free

Labels:
  alertname: storm-1
  severity: warning
  storm: yes

Started: 2026-02-21 18:18:35 UTC

Ticketrelay trmcb857ce07389cccce562cc31a48893e4','open','medium',NULL,'{}',NULL,1771697915000000,1771697915000000,'storm-1 3% free
storm-1 3% free

labels:
  alertname: storm-1
  severity: warning
  storm: yes

started: 2026-02-21 18:18:35 utc

ticketrelay trmcb857ce07389cccce562cc31a48893e4');
INSERT INTO "ticket" VALUES(1054,'12fd83e7-9ceb-45e6-bea8-4bbc9783b3a0','beat 3% free','beat 3% free

Labels:
  alertname: beat
  severity: warning

Started: 2026-02-21 18:18:35 UTC

Ticketrelay trm4b87604d15028d66734f026ebda14795','open','medium',NULL,'{}',NULL,1771697915000000,1771697915000000,'beat 3% free
beat 3% free

labels:
  alertname: beat
  severity: warning

started: 2026-02-21 18:18:35 utc

ticketrelay trm4b87604d15028d66734f026ebda14795');
INSERT INTO "ticket" VALUES(1055,'d9959127-4a68-46b5-be6f-5dd77d11e893','beats has gone quiet','Nothing came from beats since 2026-02-21 18:18:35 UTC; something is expected every 1:00:00.

Ticketrelay trm0a339e5fee6dc326f4d3b6c9475331c0','open','high',NULL,'{}',NULL,1771705115000000,1771705115000000,'beats has gone quiet
nothing came from beats since 2026-02-21 18:18:35 utc; something is expected every 1:00:00.

ticketrelay trm0a339e5fee6dc326f4d3b6c9475331c0');
INSERT INTO "ticket" VALUES(1056,'aed9da17-856c-44c9-b4d7-c2073c75bb0e','note-after 3% free','note-after 3% free

Labels:
  alertname: note-after
  severity: warning

Started: 2026-02-21 20:30:16 UTC

Ticketrelay trme61f1e6ce6784b5a3c151a908c53cd98','open','medium',NULL,'{}',NULL,1771705816000000,1771705876000000,'note-after 3% free
note-after 3% free

labels:
  alertname: note-after
  severity: warning

started: 2026-02-21 20:30:16 utc

ticketrelay trme61f1e6ce6784b5a3c151a908c53cd98');
INSERT INTO "ticket" VALUES(1057,'37c91d4b-f58e-4c8d-aaf2-511ac4d1f093','close-after 3% free','close-after 3% free

Labels:
  alertname: close-after
  severity: warning

Started: 2026-02-21 20:30:16 UTC

Ticketrelay trm6a9dfa74f323919c2b54cd12bbfda8eb','closed','medium',NULL,'{}',NULL,1771705816000000,1771705876000000,'close-after 3% free
close-after 3% free

labels:
  alertname: close-after
  severity: warning

started: 2026-02-21 20:30:16 utc

ticketrelay trm6a9dfa74f323919c2b54cd12bbfda8eb');
INSERT INTO "ticket" VALUES(1058,'0ae7d216-8bb3-4653-ba0a-19e95bd213ce','reopen-after 3% free','reopen-after 3% free

Labels:
  alertname: reopen-after
  severity: warning

Started: 2026-02-21 20:30:16 UTC

Ticketrelay trmf0e867ca52e96a9001ab5eb6621dd5ad','open','medium',NULL,'{}',NULL,1771705816000000,1771705876000000,'reopen-after 3% free
reopen-after 3% free

labels:
  alertname: reopen-after
  severity: warning

started: 2026-02-21 20:30:16 utc

ticketrelay trmf0e867ca52e96a9001ab5eb6621dd5ad');
INSERT INTO "ticket" VALUES(1059,'6e1be248-e3cc-4fc8-9d4f-291d766c7c0d','note-before 3% free','note-before 3% free

Labels:
  alertname: note-before
  severity: warning

Started: 2026-02-21 20:30:16 UTC

Ticketrelay trm5097053e18c085e97e3944da1ceefb1c','open','medium',NULL,'{}',NULL,1771705816000000,1771705816000000,'note-before 3% free
note-before 3% free

labels:
  alertname: note-before
  severity: warning

started: 2026-02-21 20:30:16 utc

ticketrelay trm5097053e18c085e97e3944da1ceefb1c');
INSERT INTO "ticket" VALUES(1060,'daa2177f-57f3-4eba-bb1e-f5a38d8ce830','close-before 3% free','close-before 3% free

Labels:
  alertname: close-before
  severity: warning

Started: 2026-02-21 20:30:16 UTC

Ticketrelay trmb6ffccdf5ab380c52121e64402c27784','open','medium',NULL,'{}',NULL,1771705816000000,1771705816000000,'close-before 3% free
close-before 3% free

labels:
  alertname: close-before
  severity: warning

started: 2026-02-21 20:30:16 utc

ticketrelay trmb6ffccdf5ab380c52121e64402c27784');
INSERT INTO "ticket" VALUES(1061,'07ebb0ac-399e-4417-acca-254ac599a775','reopen-before 3% free','reopen-before 3% free

Labels:
  alertname: reopen-before
  severity: warning

Started: 2026-02-21 20:30:16 UTC

Ticketrelay trm539a723ee42f11d5e6fafd9dff7e4e45','closed','medium',NULL,'{}',NULL,1771705816000000,1771705816000000,'reopen-before 3% free
reopen-before 3% free

labels:
  alertname: reopen-before
  severity: warning

started: 2026-02-21 20:30:16 utc

ticketrelay trm539a723ee42f11d5e6fafd9dff7e4e45');
INSERT INTO "ticket" VALUES(1062,'4f293537-f59b-4e7c-beb4-3f6eabd50476','Slow after','From: grace@staff.example.net

It is slow.

Ticketrelay trmf3cc346462a461d1d9eed1f39623ccb3','open','high',NULL,'{}',NULL,1771705816000000,1771705876000000,'slow after
from: grace@staff.example.net

it is slow.

ticketrelay trmf3cc346462a461d1d9eed1f39623ccb3');
INSERT INTO "ticket" VALUES(1063,'8ec72c4b-c4a9-466b-8659-8d6cab92314e','Slow before','From: grace@staff.example.net

It is slow.

Ticketrelay trm86a03a23c47881c6ccc90a144d35c969','open','medium',NULL,'{}',NULL,1771705816000000,1771705876000000,'slow before
from: grace@staff.example.net

it is slow.

ticketrelay trm86a03a23c47881c6ccc90a144d35c969');
INSERT INTO "ticket" VALUES(1064,'4e7d612f-2748-42b9-979a-ebd41ca1d881','waiting-0 3% free','waiting-0 3% free

Labels:
  alertname: waiting-0
  severity: warning

Started: 2026-02-21 20:31:16 UTC

Ticketrelay trma4ac610a810b0a73f4154397bf8c30cb','open','medium',NULL,'{}',NULL,1771705876000000,1771705876000000,'waiting-0 3% free
waiting-0 3% free

labels:
  alertname: waiting-0
  severity: warning

started: 2026-02-21 20:31:16 utc

ticketrelay trma4ac610a810b0a73f4154397bf8c30cb');
INSERT INTO "ticket" VALUES(1065,'56391746-88dd-468e-88d9-ccf3fd3e7253','waiting-1 3% free','waiting-1 3% free

Labels:
  alertname: waiting-1
  severity: warning

Started: 2026-02-21 20:31:16 UTC

Ticketrelay trm6535d43ef0129f11fcfc120b5d978dcd','open','medium',NULL,'{}',NULL,1771705876000000,1771705876000000,'waiting-1 3% free
waiting-1 3% free

labels:
  alertname: waiting-1
  severity: warning

started: 2026-02-21 20:31:16 utc

ticketrelay trm6535d43ef0129f11fcfc120b5d978dcd');
INSERT INTO "ticket" VALUES(1066,'dbbbffe3-fbac-4e9b-922d-21f57e822641','waiting-2 3% free','waiting-2 3% free

Labels:
  alertname: waiting-2
  severity: warning

Started: 2026-02-21 20:31:16 UTC

Ticketrelay trm83a976366ad8b11cee37e8065db677a1','open','medium',NULL,'{}',NULL,1771705876000000,1771705876000000,'waiting-2 3% free
waiting-2 3% free

labels:
  alertname: waiting-2
  severity: warning

started: 2026-02-21 20:31:16 utc

ticketrelay trm83a976366ad8b11cee37e8065db677a1');
INSERT INTO "ticket" VALUES(1067,'ed023bcd-7178-4122-ade5-165ee4720294','waiting-3 3% free','waiting-3 3% free

Labels:
  alertname: waiting-3
  severity: warning

Started: 2026-02-21 20:31:16 UTC

Ticketrelay trm914772c72b8f132307873ca242717039','open','medium',NULL,'{}',NULL,1771705876000000,1771705876000000,'waiting-3 3% free
waiting-3 3% free

labels:
  alertname: waiting-3
  severity: warning

started: 2026-02-21 20:31:16 utc

ticketrelay trm914772c72b8f132307873ca242717039');
INSERT INTO "ticket" VALUES(1068,'35babb6b-26a3-4bb0-8159-e775a31e1d11','waiting-4 3% free','waiting-4 3% free

Labels:
  alertname: waiting-4
  severity: warning

Started: 2026-02-21 20:31:16 UTC

Ticketrelay trm47290dd42df021adcb740227d72e6c17','open','medium',NULL,'{}',NULL,1771705876000000,1771705876000000,'waiting-4 3% free
waiting-4 3% free

labels:
  alertname: waiting-4
  severity: warning

started: 2026-02-21 20:31:16 utc

ticketrelay trm47290dd42df021adcb740227d72e6c17');
INSERT INTO "ticket" VALUES(1069,'6d70e339-0ecd-4cc1-ae15-a6a55535b8ef','waiting-5 3% free','waiting-5 3% free

Labels:
  alertname: waiting-5
  severity: warning

Started: 2026-02-21 20:31:16 UTC

Ticketrelay trm8740533e587e908f8c1cb840e9fc1f9a','open','medium',NULL,'{}',NULL,1771705876000000,1771705876000000,'waiting-5 3% free
waiting-5 3% free

labels:
  alertname: waiting-5
  severity: warning

started: 2026-02-21 20:31:16 utc

ticketrelay trm8740533e587e908f8c1cb840e9fc1f9a');
INSERT INTO "ticket" VALUES(1070,'5dec7e4c-4366-4388-8037-30f3d05a2aa4','waiting-6 3% free','waiting-6 3% free

Labels:
  alertname: waiting-6
  severity: warning

Started: 2026-02-21 20:31:16 UTC

Ticketrelay trmf111704272253ad72ac3b2ebc88fc518','open','medium',NULL,'{}',NULL,1771705876000000,1771705876000000,'waiting-6 3% free
waiting-6 3% free

labels:
  alertname: waiting-6
  severity: warning

started: 2026-02-21 20:31:16 utc

ticketrelay trmf111704272253ad72ac3b2ebc88fc518');
INSERT INTO "ticket" VALUES(1071,'a2a4a348-9b78-4e9f-9b46-045faa0acab0','waiting-7 3% free','waiting-7 3% free

Labels:
  alertname: waiting-7
  severity: warning

Started: 2026-02-21 20:31:16 UTC

Ticketrelay trm09da7a464577ccbb8cc599febe589f21','open','medium',NULL,'{}',NULL,1771705876000000,1771705876000000,'waiting-7 3% free
waiting-7 3% free

labels:
  alertname: waiting-7
  severity: warning

started: 2026-02-21 20:31:16 utc

ticketrelay trm09da7a464577ccbb8cc599febe589f21');
INSERT INTO "ticket" VALUES(1072,'104b40a5-592b-43ac-a9e6-bedf614fac07','waiting-8 3% free','waiting-8 3% free

Labels:
  alertname: waiting-8
  severity: warning

Started: 2026-02-21 20:31:16 UTC

Ticketrelay trmb4b3770a5121adc08b89721525e5b212','open','medium',NULL,'{}',NULL,1771705876000000,1771705876000000,'waiting-8 3% free
waiting-8 3% free

labels:
  alertname: waiting-8
  severity: warning

started: 2026-02-21 20:31:16 utc

ticketrelay trmb4b3770a5121adc08b89721525e5b212');
INSERT INTO "ticket" VALUES(1073,'f981dcb6-33e8-47dd-a94d-b0b7574a004c','waiting-9 3% free','waiting-9 3% free

Labels:
  alertname: waiting-9
  severity: warning

Started: 2026-02-21 20:31:16 UTC

Ticketrelay trm923cfbaceb63e94e7025a5eb045fbc78','open','medium',NULL,'{}',NULL,1771705876000000,1771705876000000,'waiting-9 3% free
waiting-9 3% free

labels:
  alertname: waiting-9
  severity: warning

started: 2026-02-21 20:31:16 utc

ticketrelay trm923cfbaceb63e94e7025a5eb045fbc78');
INSERT INTO "ticket" VALUES(1074,'a8aa1460-8c90-4a25-b27b-bba09b72d058','waiting-10 3% free','waiting-10 3% free

Labels:
  alertname: waiting-10
  severity: warning

Started: 2026-02-21 20:31:16 UTC

Ticketrelay trm1d00b7c8dc6869eb6c876d4a555c90b2','open','medium',NULL,'{}',NULL,1771705876000000,1771705876000000,'waiting-10 3% free
waiting-10 3% free

labels:
  alertname: waiting-10
  severity: warning

started: 2026-02-21 20:31:16 utc

ticketrelay trm1d00b7c8dc6869eb6c876d4a555c90b2');
INSERT INTO "ticket" VALUES(1075,'0dc3fc44-f5d7-4faf-9faa-ec5b76956877','waiting-11 3% free','waiting-11 3% free

Labels:
  alertname: waiting-11
  severity: warning

Started: 2026-02-21 20:31:16 UTC

Ticketrelay trmf312ea8b4e898a6d02d30e04df343071','open','medium',NULL,'{}',NULL,1771705876000000,1771705876000000,'waiting-11 3% free
waiting-11 3% free

labels:
  alertname: waiting-11
  severity: warning

started: 2026-02-21 20:31:16 utc

ticketrelay trmf312ea8b4e898a6d02d30e04df343071');
INSERT INTO "ticket" VALUES(1076,'83c49084-493d-435f-a396-95f2674b238c','new-after 3% free','new-after 3% free

Labels:
  alertname: new-after
  severity: warning

Started: 2026-02-21 20:31:16 UTC

Ticketrelay trm97df2df25c30efd18f86f62b4ce37749','open','medium',NULL,'{}',NULL,1771705876000000,1771705876000000,'new-after 3% free
new-after 3% free

labels:
  alertname: new-after
  severity: warning

started: 2026-02-21 20:31:16 utc

ticketrelay trm97df2df25c30efd18f86f62b4ce37749');
INSERT INTO "ticket" VALUES(1077,'c15564b2-455c-4dcb-834a-980cb1027628','made-and-killed 3% free','made-and-killed 3% free

Labels:
  alertname: made-and-killed
  severity: warning

Started: 2026-02-21 20:31:20 UTC

Ticketrelay trmfcfbb68644c329bd97db62842e39a763','open','medium',NULL,'{}',NULL,1771705880000000,1771705880000000,'made-and-killed 3% free
made-and-killed 3% free

labels:
  alertname: made-and-killed
  severity: warning

started: 2026-02-21 20:31:20 utc

ticketrelay trmfcfbb68644c329bd97db62842e39a763');
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
