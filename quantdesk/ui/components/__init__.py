"""Components: functions of variables and handlers; no arithmetic, no service calls, no colours."""
