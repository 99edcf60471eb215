-- What is looked for when builds are cancelled by package or superseded: those that have not ended, by the package's name as names are compared.
ALTER TABLE builds ADD COLUMN name_key TEXT;
ALTER TABLE builds ADD COLUMN python_tag TEXT;
ALTER TABLE builds ADD COLUMN platform_tag TEXT;

-- Which tags the builds of before name stands in the journal alone: until it is replayed they have none that anybody asks for.
UPDATE builds SET python_tag = '?', platform_tag = '?',
    name_key = LOWER(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(package, '_', '-'), '.', '-'), '---', '-'), '--', '-'), '--', '-'))
WHERE package IS NOT NULL;

CREATE INDEX builds_active_of_package ON builds (name_key, sequence) WHERE status IN ('pending', 'running');
