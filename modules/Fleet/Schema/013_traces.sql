ALTER TABLE steps ADD COLUMN traceparent TEXT;

ALTER TABLE steps ADD COLUMN tracestate TEXT;
