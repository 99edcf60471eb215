using System.Net.Http.Json;
using System.Security.Cryptography;
using Microsoft.Data.Sqlite;

namespace Refinery.Tests.Host;

/// <summary><c>verify</c> judges the books as they are and leaves them so.</summary>
public sealed class VerifyTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string Journal => folder.File("data/journal.ndjson");

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Not_one_byte_of_the_folder_changes(bool isKilled)
    {
        await ServeAsync(isKilled);
        Assert.Equal(isKilled, File.Exists(folder.File("data/refinery.db-wal")));
        var before = Files();

        var (exit, output) = await RunAsync("verify");

        Assert.Equal(0, exit);
        Assert.StartsWith("The journal is valid: ", output, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', output);
        Assert.Equal(before, Files());
    }

    [Theory]
    [InlineData("torn", "ends in 14 bytes of a torn line; the next start cuts them off.")]
    [InlineData("short", "lacks the last 2 events of the database; the next start adds them.")]
    [InlineData("gone", "is missing; the next start writes it anew.")]
    [InlineData("database gone", "The database is empty; the next start rebuilds it from the ")]
    public async Task What_the_next_start_will_mend_is_said_and_left_to_it(string damage, string said)
    {
        await ServeAsync(isKilled: false);
        var lines = await File.ReadAllLinesAsync(Journal);
        await (damage switch
        {
            "torn" => File.AppendAllTextAsync(Journal, "{\"sequence\":99"),
            "short" => File.WriteAllLinesAsync(Journal, lines[..^2]),
            _ => Task.CompletedTask,
        });
        File.Delete(damage == "gone" ? Journal : damage == "database gone" ? folder.File("data/refinery.db") : folder.File("none"));
        var before = Files();

        var (exit, output) = await RunAsync("verify");

        Assert.Equal(0, exit);
        Assert.StartsWith($"The journal is valid: {lines.Length} events, head ", output, StringComparison.Ordinal);
        Assert.Contains(said, output, StringComparison.Ordinal);
        Assert.Equal(before, Files());
    }

    [Fact]
    public async Task A_damaged_artifact_is_named_and_left_where_it_is()
    {
        await ServeAsync(isKilled: false);
        var sha256 = new string('a', 64);
        var place = Directory.CreateDirectory(folder.File("data/artifacts/aa")).FullName;
        await File.WriteAllTextAsync(Path.Combine(place, sha256), "not what its name says");
        var before = Files();

        var (exit, output) = await RunAsync("verify");

        Assert.Equal(1, exit);
        Assert.Equal($"The artifact with the sha256 {sha256} is damaged: its 22 bytes have another digest; store it again from a copy.", output);
        Assert.Equal(before, Files());
    }

    [Fact]
    public async Task A_schema_of_another_version_is_one_sentence()
    {
        await ServeAsync(isKilled: false);
        await using (var database = new SqliteConnection($"Data Source={folder.File("data/refinery.db")};Pooling=False"))
        {
            await database.OpenAsync();
            await using var change = database.CreateCommand();
            change.CommandText = "UPDATE migrations SET digest = 'other' WHERE name = 'Refinery.Plan/001_plans'";
            Assert.Equal(1, await change.ExecuteNonQueryAsync());
        }

        var (exit, output) = await RunAsync("rebuild-projections");

        Assert.Equal(1, exit);
        Assert.Equal(
            $"The database in DATA_DIR '{folder.File("data")}' belongs to another version of Refinery: "
            + "The schema text 'Refinery.Plan/001_plans' was changed after it ran; add a new numbered text instead.",
            output);
    }

    private async Task ServeAsync(bool isKilled)
    {
        await using var host = HostRun.Start(folder, [], ("LOCAL_WORKER", "0"), ("HINT_CATALOGUE", "0"));
        using var http = new HttpClient { BaseAddress = await host.ReadyAsync() };
        for (var number = 0; number < 5; number++)
        {
            using var kept = await http.PostAsJsonAsync("/api/history", new { name = "a", version = $"{number}", status = "built" });
            kept.EnsureSuccessStatusCode();
        }

        using var log = await http.PostAsJsonAsync("/api/logs", new { name = "a", version = "1", content = "a line\n" });
        log.EnsureSuccessStatusCode();
        if (isKilled)
        {
            host.Kill();
        }
        else
        {
            host.Terminate();
        }

        await host.ExitAsync();
    }

    private async Task<(int Exit, string Output)> RunAsync(string verb)
    {
        await using var run = HostRun.Start(folder, [verb]);
        var exit = await run.ExitAsync();
        return (exit, (run.Output + run.Errors).TrimEnd());
    }

    /// <summary>Each file with its digest and its time of change.</summary>
    private List<string> Files() =>
    [
        .. Directory.EnumerateFiles(folder.File("data"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(path => $"{path} {Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)))} {File.GetLastWriteTimeUtc(path):O}"),
        .. Directory.EnumerateDirectories(folder.File("data"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal),
    ];
}
