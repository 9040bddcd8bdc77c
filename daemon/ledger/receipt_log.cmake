# The receipt log: a library of its own, so that what only stores rows does not see receipts.
vanthu_room(receipt_log
  SOURCES receipt_log.cpp receipt_log_rows.cpp receipt_log_errors.cpp
  USES vanthu_ledger vanthu_receipt vanthu_tlog vanthu_base fmt::fmt)
