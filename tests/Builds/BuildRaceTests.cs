using System.Net;
using Refinery.Tests.Chaos;

namespace Refinery.Tests.Builds;

/// <summary>A cancel races the end of a real build, at every line of its log: one of them wins, and nothing of the build is left.</summary>
public sealed class BuildRaceTests
{
    private const int Lanes = 4;

    // A build without requirements takes pip about a second.
    private const string Project = """
        [build-system]
        requires = []
        build-backend = "backend"
        backend-path = ["."]
        """;

    [Fact]
    public async Task Of_a_cancel_and_the_end_of_a_build_one_wins_and_no_process_folder_or_lease_is_left()
    {
        await using var yard = await BuildYard.StartAsync(("AUTO_BUILD", "1"), ("FLEET_Q_MAX_PARALLELISM", "5"));
        var races = Chance.IsLong ? 500 : 24;
        var length = await LengthAsync(yard);

        var cancelled = await Task.WhenAll(Enumerable.Range(0, Lanes).Select(lane => RaceAsync(yard, lane, races / Lanes, length)));

        Assert.InRange(cancelled.Sum(), 1, races - 1);
        Assert.Equal(cancelled.Sum(), (await yard.Host.GetAsync("/builds?status=cancelled")).GetProperty("total").GetInt32());
        Assert.Equal(races + 1 - cancelled.Sum(), (await yard.Host.GetAsync("/builds?status=succeeded")).GetProperty("total").GetInt32());
        Assert.Equal(0, (await yard.Host.GetAsync("/admin/queue")).GetProperty("claimed_steps").GetInt32());
        Assert.Empty(Directory.EnumerateFileSystemEntries(Work(yard)));
        await Wait.UntilAsync(() => Task.FromResult(Processes.Unreaped().Count == 0));
    }

    /// <summary>How many lines a build logs that nobody cancels.</summary>
    private static async Task<int> LengthAsync(BuildYard yard)
    {
        var buildId = await StartAsync(yard, "yardracewhole");
        await BuildCalls.UntilAsync(yard.Host, buildId, "succeeded");
        return await LinesAsync(yard, buildId);
    }

    /// <returns>How many of the builds were cancelled.</returns>
    private static async Task<int> RaceAsync(BuildYard yard, int lane, int races, int length)
    {
        var cancelled = 0;
        for (var race = 0; race < races; race++)
        {
            var package = $"yardrace{lane}x{race}";
            var buildId = await StartAsync(yard, package);
            // Every other cancel comes after one of the last lines, the others after each line in turn, and the first one when all is over.
            var line = race == 0 ? int.MaxValue : race % 2 == 0 ? race / 2 % length : length - (race / 2 % 3);
            await Wait.UntilAsync(async () => await LinesAsync(yard, buildId) >= line || await StatusAsync(yard, buildId) == "succeeded");
            using var cancel = await yard.Host.Http.PostAsync($"/builds/{buildId}/cancel", content: null);

            var won = cancel.StatusCode == HttpStatusCode.OK;
            Assert.Equal(won ? HttpStatusCode.OK : HttpStatusCode.Conflict, cancel.StatusCode);
            Assert.Equal(won ? "cancelled" : "succeeded", await StatusAsync(yard, buildId));
            await Wait.UntilAsync(() => Task.FromResult(!Leftovers(yard, package).Any()));
            Assert.Equal(won ? "cancelled" : "succeeded", await StatusAsync(yard, buildId));
            Assert.Equal(won ? 0 : 1, await WheelsAsync(yard, package));
            cancelled += won ? 1 : 0;
        }

        return cancelled;
    }

    private static async Task<string> StartAsync(BuildYard yard, string package)
    {
        SourceArchive.WriteWithoutProject(yard.Sources, package, "1.0", ("pyproject.toml", Project), ("backend.py", $$"""
            import base64, hashlib, zipfile
            def build_wheel(folder, config_settings=None, metadata_directory=None):
                name, info = '{{package}}-1.0-py3-none-any.whl', '{{package}}-1.0.dist-info/'
                files = {
                    'METADATA': 'Metadata-Version: 2.1\nName: {{package}}\nVersion: 1.0\n',
                    'WHEEL': 'Wheel-Version: 1.0\nGenerator: backend\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
                }
                digest = lambda text: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()
                record = ''.join(f'{info}{file},sha256={digest(text)},{len(text)}\n' for file, text in files.items())
                with zipfile.ZipFile(f'{folder}/{name}', 'w') as wheel:
                    for file, text in {**files, 'RECORD': record + f'{info}RECORD,,\n'}.items():
                        wheel.writestr(info + file, text)
                return name
            """));
        return (await yard.Host.PostAsync("/api/queue/enqueue", new { package, version = "1.0" })).GetProperty("build_id").GetString()!;
    }

    private static async Task<int> LinesAsync(BuildYard yard, string buildId) =>
        (await yard.Host.GetAsync($"/builds/{buildId}?log_lines=1000")).GetProperty("build").GetProperty("logs_preview").GetString()!.Count(letter => letter == '\n');

    private static async Task<string?> StatusAsync(BuildYard yard, string buildId) => (await BuildCalls.FindAsync(yard.Host, buildId)).GetProperty("status").GetString();

    /// <summary>How many wheels the index of our own offers of a package.</summary>
    private static async Task<int> WheelsAsync(BuildYard yard, string package) =>
        (await yard.Host.GetAsync("/api/manifest")).EnumerateArray().Count(entry => entry.GetProperty("name").GetString() == package && entry.GetProperty("status").GetString() == "built");

    /// <summary>What is left of the builds of a package: its folders, and processes whose home they are.</summary>
    private static IEnumerable<string> Leftovers(BuildYard yard, string package) =>
        Directory.EnumerateFileSystemEntries(Work(yard), $"{package}-*").Concat(Processes.WithVariable($"{Work(yard)}/{package}-"));

    private static string Work(BuildYard yard) => Path.Combine(yard.Host.DataDirectory, "work");
}
