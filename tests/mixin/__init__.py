"""Makes the rules, their tests and the dashboard of `deploy/mixin/` from the declarations of alarms and metrics."""
