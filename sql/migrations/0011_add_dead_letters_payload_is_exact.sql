-- Whether a dead letter's payload is its whole record, unchanged by masking: `weir dead-letters replay` can make the record
-- out of it when the source is gone. Letters from before this column count as not exact.
ALTER TABLE dead_letters ADD COLUMN IF NOT EXISTS payload_is_exact UInt8 DEFAULT 0 AFTER payload
