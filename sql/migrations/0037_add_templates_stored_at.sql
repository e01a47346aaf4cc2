-- When a template was last noted, for retention: as long as `windows` are kept after that, however old its messages are.
ALTER TABLE templates ADD COLUMN IF NOT EXISTS stored_at SimpleAggregateFunction(max, DateTime('UTC')) DEFAULT now()
