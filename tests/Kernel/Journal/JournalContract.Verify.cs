using System.Data.Common;
using Refinery.Kernel.Storage;

namespace Refinery.Tests.Kernel.Journal;

/// <summary>Verifying finds every mutation of the table.</summary>
public abstract partial class JournalContract
{
    [Theory]
    [InlineData("UPDATE events SET canonical = REPLACE(canonical, 'n5', 'n6') WHERE sequence = 5", 5)]
    [InlineData("UPDATE events SET canonical = canonical || ' ' WHERE sequence = 5", 5)]
    [InlineData("UPDATE events SET canonical = '' WHERE sequence = 5", 5)]
    [InlineData("UPDATE events SET canonical = '[]', hash = '4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945' WHERE sequence = 5", 5)]
    [InlineData("UPDATE events SET hash = '0' WHERE sequence = 5", 5)]
    [InlineData("UPDATE events SET hash = (SELECT hash FROM events WHERE sequence = 4) WHERE sequence = 5", 5)]
    [InlineData("UPDATE events SET event_id = 'other' WHERE sequence = 5", 5)]
    [InlineData("UPDATE events SET event_type = 'other' WHERE sequence = 5", 5)]
    [InlineData("UPDATE events SET sequence = 50 WHERE sequence = 5", 5)]
    [InlineData("UPDATE events SET sequence = 0 WHERE sequence = 1", 1)]
    [InlineData("DELETE FROM events WHERE sequence = 1", 1)]
    [InlineData("UPDATE events SET event_id = '' WHERE sequence = 5", 5)]
    [InlineData("UPDATE events SET event_type = '' WHERE sequence = 5", 5)]
    [InlineData("DELETE FROM events WHERE sequence = 5", 5)]
    [InlineData("DELETE FROM events WHERE sequence = 5; UPDATE events SET sequence = -sequence WHERE sequence > 5; UPDATE events SET sequence = -sequence - 1 WHERE sequence < 0", 5)]
    [InlineData("UPDATE events SET sequence = 99 WHERE sequence = 5; UPDATE events SET sequence = 5 WHERE sequence = 6; UPDATE events SET sequence = 6 WHERE sequence = 99", 5)]
    public async Task A_mutation_is_found_at_its_place(string mutation, int place)
    {
        for (var index = 1; index <= 10; index++)
        {
            await AppendAsync($"n{index}");
        }

        var links = await AllAsync();
        Assert.True((await journal.VerifyAsync(CancellationToken.None)).Valid);

        await Assert.ThrowsAnyAsync<DbException>(() => database.WriteAsync(sql => sql.ExecuteAsync(mutation), CancellationToken.None));
        Assert.True((await journal.VerifyAsync(CancellationToken.None)).Valid);
        await database.WriteAsync(sql => sql.ExecuteAsync($"{Unguarded}; {mutation}"), CancellationToken.None);
        var verdict = await journal.VerifyAsync(CancellationToken.None);

        Assert.False(verdict.Valid, "Nothing was found.");
        Assert.Equal(place, verdict.FirstBadSequence);
        Assert.Equal(place - 1, verdict.Length);
        Assert.Equal(place == 1 ? null : links[place - 2].Hash, verdict.HeadHash);
        Assert.NotEmpty(verdict.Reason!);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-7)]
    public async Task A_row_before_the_first_is_found(long sequence)
    {
        await AppendAsync("n1");
        await database.WriteAsync(
            sql => sql.ExecuteAsync(
                "INSERT INTO events (sequence, event_id, event_type, canonical, hash) SELECT @Sequence, 'evt-0', event_type, canonical, hash FROM events WHERE sequence = 1", new { Sequence = sequence }),
            CancellationToken.None);

        var verdict = await journal.VerifyAsync(CancellationToken.None);

        Assert.Equal((false, 1L), (verdict.Valid, verdict.FirstBadSequence));
    }

    /// <summary>What a forger does first.</summary>
    private string Unguarded => database.Dialect == SqlDialect.Postgres
        ? "ALTER TABLE events DISABLE TRIGGER USER"
        : "DROP TRIGGER events_keep_rows; DROP TRIGGER events_keep_text";

    [Fact]
    public async Task A_forged_end_is_found()
    {
        await AppendAsync("n1");
        await database.WriteAsync(
            sql => sql.ExecuteAsync(
                """
                INSERT INTO events (sequence, event_id, event_type, target, canonical, hash)
                SELECT 2, 'forged', event_type, target, canonical, hash FROM events WHERE sequence = 1
                """),
            CancellationToken.None);

        Assert.Equal(2, (await journal.VerifyAsync(CancellationToken.None)).FirstBadSequence);
    }
}
