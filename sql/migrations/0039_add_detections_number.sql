-- Numbers of detections in their order, for consumers of the topic of anomalies: what a detection has stored is published when its row is here.
ALTER TABLE detections ADD COLUMN IF NOT EXISTS number UInt32 AFTER rules
