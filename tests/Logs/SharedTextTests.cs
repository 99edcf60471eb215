using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Refinery.Kernel.Work;
using Refinery.Logs;

namespace Refinery.Tests.Logs;

/// <summary>Hosts on one Postgres store, serve and search the same logs.</summary>
public sealed class SharedTextTests
{
    [Fact]
    public async Task What_one_of_three_has_stored_is_read_and_found_at_the_others_at_once()
    {
        await using var shared = await SharedHosts.StartAsync(3);

        await Task.WhenAll(Enumerable.Range(0, 60).Select(async number =>
        {
            var (one, other, third) = (shared.All[number % 3], shared.All[(number + 1) % 3], shared.All[(number + 2) % 3]);
            var text = SharedHosts.Text(number, 3000 * (number % 7));
            await SharedHosts.StoreAsync(one, $"package-{number}", $"{text}mark<{number}>\n");

            Assert.Equal($"{text}mark<{number}>\n", await SharedHosts.ReadAsync(other, $"package-{number}"));
            Assert.Equal([$"package-{number}"], await SharedHosts.SearchAsync(third, $"mark<{number}>"));
            Assert.Equal([$"package-{number}"], await SharedHosts.SearchAsync(other, $"mark<{number}>", $"package-{number}"));
        }));

        foreach (var host in shared.All)
        {
            Assert.Equal(60, (await SharedHosts.SearchAsync(host, "mark<")).Distinct(StringComparer.Ordinal).Count());
        }
    }

    [Fact]
    public async Task A_host_with_an_empty_folder_serves_and_finds_all()
    {
        await using var shared = await SharedHosts.StartAsync(1);
        for (var number = 0; number < 20; number++)
        {
            await SharedHosts.StoreAsync(shared.All[0], $"package-{number}", $"mark<{number}>\n{SharedHosts.Text(number, 200_000)}");
        }

        var fresh = await shared.AddAsync();

        Assert.Equal($"mark<7>\n{SharedHosts.Text(7, 200_000)}", await SharedHosts.ReadAsync(fresh, "package-7"));
        await SearchedWholeAsync(fresh);
        Assert.Equal(20, (await SharedHosts.SearchAsync(fresh, "mark<")).Length);
    }

    [Fact]
    public async Task Archives_that_hold_other_texts_at_the_same_places_are_not_mixed()
    {
        await using var shared = await SharedHosts.StartAsync(2);
        var (one, two) = (shared.All[0], shared.All[1]);

        // Of equal length, so that each lies in the first segment of its own host where the other's lies in that one's.
        await Task.WhenAll(SharedHosts.StoreAsync(one, "a", "text of a\n"), SharedHosts.StoreAsync(two, "b", "text of b\n"));

        foreach (var host in shared.All)
        {
            Assert.Equal(("text of a\n", "text of b\n"), (await SharedHosts.ReadAsync(host, "a"), await SharedHosts.ReadAsync(host, "b")));
            Assert.Equal(["a"], await SharedHosts.SearchAsync(host, "text of a"));
            Assert.Equal(["b"], await SharedHosts.SearchAsync(host, "text of b", "b"));
        }

        Assert.Equal(0, await shared.CountAsync("SELECT COUNT(*) FROM log_texts"));
    }

    [Fact]
    public async Task A_text_that_two_store_at_once_is_one_body()
    {
        await using var shared = await SharedHosts.StartAsync(2);
        var text = SharedHosts.Text(1, 3_000_000);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(number => SharedHosts.StoreAsync(shared.All[number % 2], $"package-{number}", text)));

        Assert.Equal(1, await shared.CountAsync("SELECT COUNT(*) FROM log_bodies"));
        Assert.Equal((text.Length + LogBodies.PartSize - 1) / LogBodies.PartSize, await shared.CountAsync("SELECT COUNT(*) FROM log_parts"));
        foreach (var host in shared.All)
        {
            Assert.Equal(text, await SharedHosts.ReadAsync(host, "package-3"));
            Assert.Equal(8, (await SharedHosts.SearchAsync(host, text[..60])).Distinct(StringComparer.Ordinal).Count());
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(LogBodies.PartSize - 1)]
    [InlineData(LogBodies.PartSize)]
    [InlineData(LogBodies.PartSize + 1)]
    [InlineData(5_000_000)]
    public async Task A_text_of_any_length_is_whole_elsewhere(int length)
    {
        await using var shared = await SharedHosts.StartAsync(1);
        var text = SharedHosts.Text(length, length).PadRight(length, 'ä')[..length];
        await SharedHosts.StoreAsync(shared.All[0], "a", text);

        Assert.Equal(text, await SharedHosts.ReadAsync(await shared.AddAsync(), "a"));
        Assert.Null(await AuditAsync(shared));
    }

    [Fact]
    public async Task A_search_that_does_not_have_every_text_says_so()
    {
        await using var shared = await SharedHosts.StartAsync(2);
        var two = shared.All[1];
        await SharedHosts.StoreAsync(shared.All[0], "a", "first mark\n");
        Assert.Equal(["a"], await SharedHosts.SearchAsync(two, "mark"));
        await using var source = NpgsqlDataSource.Create(shared.BooksConnection);
        await using var connection = await source.OpenConnectionAsync();
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            // The row of a log whose text cannot be read for now.
            await using var insert = new NpgsqlCommand(
                """
                INSERT INTO logs SELECT 'log-x', sequence + 1000, 'x', 'x', version, attempt, run_id, timestamp, repeat('ab', 32), size_bytes, lines FROM logs;
                INSERT INTO log_bodies (sha256, size_bytes, stored_at) VALUES (repeat('ab', 32), 5, '9');
                """,
                connection);
            await insert.ExecuteNonQueryAsync();
            await transaction.CommitAsync();
        }

        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await using var hold = new NpgsqlCommand("LOCK TABLE log_parts IN ACCESS EXCLUSIVE MODE", connection);
            await hold.ExecuteNonQueryAsync();
            using var response = await two.Http.GetAsync("/api/logs/search?q=mark");

            Assert.Equal(["true"], response.Headers.GetValues("X-Search-Truncated"));
            Assert.Contains("first mark", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            await transaction.RollbackAsync();
        }

        await SearchedWholeAsync(two);
    }

    [Fact]
    public async Task A_log_of_another_maker_that_names_no_digest_is_passed_over()
    {
        await using var shared = await SharedHosts.StartAsync(2);
        await SharedHosts.StoreAsync(shared.All[0], "a", "first mark\n");
        await shared.ExecuteAsync("INSERT INTO logs SELECT 'log-x', sequence + 1, 'x', 'x', version, attempt, run_id, timestamp, 'none', size_bytes, lines FROM logs");
        await shared.All[0].PostAsync("/api/queue/enqueue", new { package = "takes-the-next-sequence" });
        await SharedHosts.StoreAsync(shared.All[0], "b", "second mark\n");

        Assert.Equal(["b", "a"], await SharedHosts.SearchAsync(shared.All[1], "mark"));
        Assert.Equal(["a"], await SharedHosts.SearchAsync(shared.All[1], "mark", "a"));
        Assert.Equal(System.Net.HttpStatusCode.NotFound, (await shared.All[1].Http.GetAsync("/api/logs/x/1")).StatusCode);
    }

    [Fact]
    public async Task A_text_that_no_log_names_is_swept_when_it_is_old()
    {
        await using var shared = await SharedHosts.StartAsync(1);
        var services = shared.All[0].Services;
        var bodies = services.GetRequiredService<LogBodies>();
        await SharedHosts.StoreAsync(shared.All[0], "a", "named\n");
        using var draft = services.GetRequiredService<LogDrafts>().New();
        draft.Append("left by a host that died"u8);
        await bodies.StoreAsync(Convert.ToHexStringLower(draft.Sha256), draft);

        await bodies.SweepAsync(CancellationToken.None);
        Assert.Equal(2, await shared.CountAsync("SELECT COUNT(*) FROM log_bodies"));
        await shared.ExecuteAsync("UPDATE log_bodies SET stored_at = '2020-01-01T00:00:00.000000Z'");
        await bodies.SweepAsync(CancellationToken.None);

        Assert.Equal(1, await shared.CountAsync("SELECT COUNT(*) FROM log_bodies"));
        Assert.Equal(1, await shared.CountAsync("SELECT COUNT(*) FROM log_parts"));
        Assert.Null(await AuditAsync(shared));
    }

    [Fact]
    public async Task A_text_that_only_one_machine_has_is_shared_when_its_host_starts()
    {
        using var folder = new TemporaryFolder();
        await using var shared = await SharedHosts.StartAsync(1);
        var first = await shared.AddAsync(folder);
        await SharedHosts.StoreAsync(first, "a", "from before\n");
        await shared.ExecuteAsync("DELETE FROM log_bodies");
        await shared.KillAsync(first);
        Assert.Contains("missing", await AuditAsync(shared), StringComparison.Ordinal);

        await shared.AddAsync(folder);

        await Wait.UntilAsync(async () => await shared.CountAsync("SELECT COUNT(*) FROM log_bodies") == 1);
        Assert.Equal("from before\n", await SharedHosts.ReadAsync(await shared.AddAsync(), "a"));
        Assert.Null(await AuditAsync(shared));
    }

    [Fact]
    public async Task A_damaged_text_is_not_served_and_verify_names_it()
    {
        await using var shared = await SharedHosts.StartAsync(1);
        var stored = await SharedHosts.StoreAsync(shared.All[0], "a", "whole\n");
        await shared.ExecuteAsync("UPDATE log_parts SET bytes = '\\x00'");

        var fault = await AuditAsync(shared);
        using var response = await (await shared.AddAsync()).Http.GetAsync("/api/logs/a/1");

        Assert.Contains(stored.GetProperty("sha256").GetString()!, fault, StringComparison.Ordinal);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, response.StatusCode);
    }

    /// <summary>Waits until a search is not cut any more.</summary>
    private static Task SearchedWholeAsync(RefineryHost host) => Wait.UntilAsync(async () =>
    {
        using var response = await host.Http.GetAsync("/api/logs/search?q=mark");
        return !response.Headers.Contains("X-Search-Truncated");
    });

    private static Task<string?> AuditAsync(SharedHosts shared) =>
        shared.All[0].Services.GetServices<IAudit>().OfType<BodyAudit>().Single().FindFaultAsync(CancellationToken.None);
}
