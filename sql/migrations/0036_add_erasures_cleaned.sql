-- Anomalies and templates that quoted the subject, and don't any more, for whoever must prove an erasure.
ALTER TABLE erasures ADD COLUMN IF NOT EXISTS cleaned UInt64 AFTER dead_letters
