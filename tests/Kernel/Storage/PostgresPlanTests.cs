namespace Refinery.Tests.Kernel.Storage;

/// <summary>How Postgres finds rows.</summary>
public sealed class PostgresPlanTests
{
    /// <summary>A host asks the first things of empty tables, and its plans are kept while they grow.</summary>
    [Fact]
    public async Task A_plan_that_was_made_while_a_table_was_empty_is_good_when_it_is_large()
    {
        await using var engine = new PostgresEngine();
        var database = engine.Open();
        await database.WriteAsync(sql => sql.ExecuteAsync("CREATE TABLE things (name TEXT PRIMARY KEY, size BIGINT)"), CancellationToken.None);

        var plan = await database.WriteAsync(
            sql => sql.QueryAsync<string>("EXPLAIN UPDATE things SET size = 1 FROM (SELECT unnest(ARRAY(SELECT generate_series(1, 1000)::text)) AS name) AS given WHERE things.name = given.name"), CancellationToken.None);

        Assert.Contains(plan, line => line.Contains("Index Scan using things_pkey", StringComparison.Ordinal));
        Assert.DoesNotContain(plan, line => line.Contains("Seq Scan", StringComparison.Ordinal));
    }
}
