using Refinery.Kernel.Journal;
using Refinery.Kernel.Storage;
using Refinery.Kernel.Work;
using Refinery.Tests.Kernel.Storage;

namespace Refinery.Tests.Kernel.Journal;

/// <summary>The journal keeps its contract on Postgres.</summary>
public sealed class PostgresJournalTests : JournalContract
{
    private protected override ITestEngine NewEngine() => new PostgresEngine();

    [Fact]
    public async Task Hosts_that_append_at_once_make_one_chain()
    {
        await using var engine = new PostgresEngine();
        var databases = Enumerable.Range(0, 3).Select(_ => engine.Open()).ToList();
        var journals = databases.ConvertAll(database => new EventJournal(database, new Ids(TimeProvider.System), TimeProvider.System, [new JournalTree()]));
        await Migrations.RunAsync(databases[0], [typeof(Database).Assembly], CancellationToken.None);

        await Task.WhenAll(databases.SelectMany(database => Enumerable.Range(0, 200).Select(number => database.WriteAsync(
            sql =>
            {
                sql.Append(new EventDraft("test.happened", new EventPayload().Add("number", number)));
                return Task.FromResult(true);
            },
            CancellationToken.None))));

        var verdict = await journals[1].VerifyAsync(CancellationToken.None);
        Assert.Equal((true, 600L), (verdict.Valid, verdict.Length));
        var kept = await databases[2].ReadAsync(sql => JournalTree.HeadAsync(sql, 600), CancellationToken.None);
        foreach (var lost in (string[])["DELETE FROM journal_tiles", "DELETE FROM journal_tiles WHERE tile = 0"])
        {
            await databases[2].WriteAsync(sql => sql.ExecuteAsync(lost), CancellationToken.None);
            await JournalTree.CompleteAsync(databases[2], CancellationToken.None);
            Assert.Equal(kept.Root, (await databases[2].ReadAsync(sql => JournalTree.HeadAsync(sql, 600), CancellationToken.None)).Root);
        }
    }
}
