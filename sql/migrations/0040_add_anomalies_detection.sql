-- The detection that stored an anomaly, by which it is published in its turn; 0 for those from before.
ALTER TABLE anomalies ADD COLUMN IF NOT EXISTS detection UInt32 AFTER changes
