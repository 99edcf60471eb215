using System.Text.Json;

namespace Refinery.Tests.Builds;

/// <summary><c>rebuild</c> as a user meets it: its lines, its files, its exit code.</summary>
public sealed class RebuildCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public RebuildCommandTests()
    {
        SourceArchive.WritePure(folder.File("my sources"), "yardpure");
        SourceArchive.WriteExtension(folder.File("my sources"), "yardbroken", "1", header: "ibase.h");
    }

    private string Out => folder.File("out");

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task What_was_built_lies_beside_its_manifest_and_is_reused_until_force_says_otherwise()
    {
        Write("# ours\nyardpure==1.0  # pinned\ncolorama==0.4.6; sys_platform == 'win32'\n");

        var (built, first) = await RebuildAsync();
        var manifest = Manifest();
        var (reused, second) = await RebuildAsync();
        var again = Manifest();
        var (forced, third) = await RebuildAsync("--force");

        Assert.Equal((0, 0, 0), (built, reused, forced));
        Assert.Equal(
            ["queued    yardpure 1.0", "skipped   colorama: its marker does not hold here", "building  yardpure 1.0", "built     yardpure 1.0: Built yardpure-1.0-py3-none-any.whl in N s.", $"1 built, 0 failed, 1 skipped; wheels and manifest.json are in {Out}"],
            first);
        Assert.Equal(["reused    yardpure 1.0: yardpure-1.0-py3-none-any.whl is stored already", "skipped   colorama: its marker does not hold here", $"0 built, 1 reused, 0 failed, 1 skipped; wheels and manifest.json are in {Out}"], second);
        Assert.Contains("building  yardpure 1.0", third);
        Assert.Equal("yardpure 1.0 yardpure-1.0-py3-none-any.whl py3 any built", Line(Assert.Single(manifest)));
        Assert.Equal("yardpure 1.0 yardpure-1.0-py3-none-any.whl py3 any reused", Line(Assert.Single(again)));
        Assert.Equal(manifest[0].GetProperty("sha256").GetString(), again[0].GetProperty("sha256").GetString());
        Assert.Equal(["manifest.json", "yardpure-1.0-py3-none-any.whl"], Directory.GetFiles(Out).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_failed_is_told_with_the_hint_that_fits_its_remedy_and_its_log()
    {
        Write("yardpure==1.0\nyardbroken==1.0\n");

        var (code, lines) = await RebuildAsync();

        var text = string.Join('\n', lines);
        Assert.Equal(1, code);
        Assert.Contains("failed    yardbroken 1.0: The build of yardbroken 1.0 ended with exit code 1. The Firebird client headers (ibase.h) are not installed. This would help: apt-get install firebird-dev.", lines);
        Assert.Contains("1 built, 1 failed; wheels", text, StringComparison.Ordinal);
        Assert.Contains("\n  hint-firebird: apt-get install firebird-dev", text, StringComparison.Ordinal);
        Assert.Contains($"  log: {Path.Combine(Out, "logs", "yardbroken-1.0.log")}", lines);
        Assert.Contains("ibase.h", await File.ReadAllTextAsync(Path.Combine(Out, "logs", "yardbroken-1.0.log")), StringComparison.Ordinal);
        Assert.DoesNotContain("+--", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b[", text, StringComparison.Ordinal);
        Assert.Equal("yardpure 1.0 yardpure-1.0-py3-none-any.whl py3 any built", Line(Manifest()[0]));
        Assert.Matches("^yardbroken 1.0  cp3[0-9]+ linux_[a-z0-9_]+ failed$", Line(Manifest()[1]));
        Assert.Equal(["manifest.json", "yardpure-1.0-py3-none-any.whl"], Directory.GetFiles(Out).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_folder_of_find_links_that_is_not_there_is_said_once_by_the_name_it_was_given_under()
    {
        Write("yardpure==1.0\nyardbroken==1.0\n");

        await using var option = Start("--find-links", "nowhere");
        await using var variable = HostRun.Start(folder, ["rebuild", "requirements.txt", "--no-index"], ("BUILD_PYTHON", DebianPython.Program), ("FIND_LINKS", "/no/such"));

        Assert.Equal((1, 1), (await option.ExitAsync(), await variable.ExitAsync()));
        Assert.Equal("--find-links names 'nowhere', which is no folder; one with sdists is expected.", option.Errors.TrimEnd());
        Assert.Equal("FIND_LINKS names '/no/such', which is no folder; one with sdists is expected.", variable.Errors.TrimEnd());
    }

    [Fact]
    public async Task More_than_the_queue_holds_is_one_sentence()
    {
        Write("yardpure==1.0\nyardbroken==1.0\n");

        await using var run = StartWith(("MAX_QUEUE_SIZE", "1"));

        Assert.Equal(1, await run.ExitAsync());
        Assert.Equal("2 more would be too many: at most 1 steps wait (MAX_QUEUE_SIZE). Nothing was stored.", run.Errors.TrimEnd());
    }

    [Fact]
    public async Task A_source_with_another_hash_than_the_file_names_is_refused()
    {
        Write($"yardpure==1.0 --hash=sha256:{new string('a', 64)}\n");

        var (code, lines) = await RebuildAsync();

        Assert.Equal(1, code);
        Assert.Contains(lines, line => line.StartsWith("failed    yardpure 1.0: yardpure-1.0.tar.gz has the sha256 ", StringComparison.Ordinal) && line.EndsWith($"; {new string('a', 64)} was asked for.", StringComparison.Ordinal));
        Assert.Equal(["manifest.json"], Directory.GetFiles(Out).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("yardpure>=1\n", "requirements.txt:1: yardpure has no exact version; name one, in a requirements file as yardpure==VERSION, or set STRATEGY=upgrade to take the newest.")]
    [InlineData("yardpure==2.0\n", "requirements.txt:1: There is no sdist of yardpure ==2.0 (found: 1.0).")]
    [InlineData("absent==1.0\n", "requirements.txt:1: There is no sdist of absent ==1.0 (no version of it was found; are INDEX_URL and FIND_LINKS right?).")]
    [InlineData("yardpure==1.0\nyardpure==\n", "requirements.txt:2: 'yardpure==' has no version specifier that can be read")]
    [InlineData("# nothing yet\n", "requirements.txt names no package; a line such as markupsafe==2.1.5 is expected.")]
    public async Task A_file_that_cannot_be_planned_is_told_line_by_line_and_nothing_is_built(string requirements, string sentence)
    {
        Write(requirements);

        await using var run = Start();
        var code = await run.ExitAsync();

        Assert.Equal(1, code);
        Assert.Contains(sentence, run.Errors, StringComparison.Ordinal);
        Assert.Single(run.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Empty(run.Output);
        Assert.False(Directory.Exists(Out));
    }

    [Fact]
    public async Task Every_bad_line_of_the_file_is_told()
    {
        Write("yardpure==\nyardpure==1.0\n--frobnicate\nhttps://x.test/a.zip\n");

        await using var run = Start();

        Assert.Equal(1, await run.ExitAsync());
        Assert.Equal(["1", "3", "4"], run.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line[folder.File("requirements.txt:").Length..].Split(':')[0]));
    }

    [Fact]
    public async Task A_data_folder_in_use_is_said_before_an_output_folder_is_made()
    {
        Write("yardpure==1.0\n");
        using var data = new TemporaryFolder();
        await using var holding = HostRun.Start(data, []);
        await holding.ReadyAsync();

        await using var run = StartWith(("DATA_DIR", data.File("data")));

        Assert.Equal(1, await run.ExitAsync());
        Assert.Contains("is held by another Refinery process", run.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Out));
    }

    [Fact]
    public async Task An_output_folder_that_cannot_be_made_is_one_sentence_before_anything_is_built()
    {
        Write("yardpure==1.0\n");
        await File.WriteAllTextAsync(Out, "a file");

        await using var run = Start();

        Assert.Equal(1, await run.ExitAsync());
        Assert.Equal($"The folder '{Out}' of --out cannot be made; a folder that may be written is expected.", run.Errors.Trim());
    }

    [Fact]
    public async Task A_manifest_that_cannot_be_written_is_one_sentence()
    {
        Write("yardpure==1.0\n");
        Directory.CreateDirectory(Path.Combine(Out, "manifest.json"));

        await using var run = Start();

        Assert.Equal(1, await run.ExitAsync());
        Assert.Equal($"'{Path.Combine(Out, "manifest.json")}' cannot be written; a folder that may be written, with room in it, is expected.", run.Errors.Trim());
    }

    [Fact]
    public async Task A_rebuild_builds_here_whatever_local_worker_says()
    {
        Write("yardpure==1.0\n");

        await using var run = StartWith(("LOCAL_WORKER", "0"));

        Assert.Equal(0, await run.ExitAsync());
    }

    [Fact]
    public async Task What_others_queued_is_left_to_them()
    {
        Write("yardpure==1.0\n");
        using var data = new TemporaryFolder();
        var before = await RefineryHost.StartAsync(data);
        await before.PostAsync("/api/queue/enqueue", new { package = "yardother", version = "1.0" });
        await before.StopAsync();

        await using var run = StartWith(("DATA_DIR", data.Path), ("AUTO_BUILD", "1"));
        var code = await run.ExitAsync();

        var after = await RefineryHost.StartAsync(data);
        var history = await after.GetAsync("/api/history?package=yardother");
        var queue = await after.GetAsync("/api/queue");
        await after.StopAsync();
        Assert.True(code == 0, run.Errors);
        Assert.Equal("queued", Assert.Single(history.EnumerateArray()).GetProperty("status").GetString());
        Assert.Equal("yardother", Assert.Single(queue.GetProperty("items").EnumerateArray()).GetProperty("package").GetString());
    }

    /// <summary>A terminal of util-linux's making; nothing else shows the table.</summary>
    [Fact]
    public async Task On_a_terminal_a_table_changes_in_place_and_the_sum_and_the_failures_follow()
    {
        Write("yardpure==1.0\nyardbroken==1.0\n");
        var command = $"stty cols 200 rows 40; exec dotnet {Paths.HostProgram} rebuild requirements.txt --no-index --find-links {DebianPython.Wheels} --find-links 'my sources' --out out";

        await using var run = HostRun.StartProgram(
            folder, "script", ["-qec", command, "/dev/null"], ("BUILD_PYTHON", DebianPython.Program), ("RECIPES", "suggest"), ("TERM", "xterm-256color"), ("SHELL", "/bin/sh"));
        var code = await run.ExitAsync();

        var screen = run.Output;
        Assert.True(code == 1, screen);
        Assert.Contains("0 of 2", screen, StringComparison.Ordinal);
        Assert.Matches("\u2502 yardpure +\u2502 1\\.0 +\u2502 .*building", screen);
        Assert.Contains("\u001b[", screen, StringComparison.Ordinal);
        var last = screen[screen.LastIndexOf("2 of 2", StringComparison.Ordinal)..];
        var sum = last.IndexOf($"1 built, 1 failed; wheels and manifest.json are in {Out}", StringComparison.Ordinal);
        Assert.True(sum > 0, last);
        Assert.Contains("Hints that fit", last[sum..], StringComparison.Ordinal);
        Assert.Contains("hint-firebird: apt-get install firebird-dev", last[sum..], StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_out_that_cannot_be_written_is_said_before_anything_is_built()
    {
        Write("yardpure==1.0\n");

        await using var run = Start("--out", "/proc");

        Assert.Equal(1, await run.ExitAsync());
        Assert.Equal("The folder '/proc' of --out cannot be written; a folder that may be written is expected.", run.Errors.TrimEnd());
        Assert.Empty(run.Output);
    }

    private void Write(string requirements) => File.WriteAllText(folder.File("requirements.txt"), requirements);

    private JsonElement[] Manifest() => [.. JsonDocument.Parse(File.ReadAllText(Path.Combine(Out, "manifest.json"))).RootElement.EnumerateArray()];

    private static string Line(JsonElement entry) =>
        string.Join(' ', new[] { "name", "version", "wheel", "python_tag", "platform_tag", "status" }.Select(name => entry.GetProperty(name).GetString()));

    /// <summary>Runs it to its end; durations become N.</summary>
    private async Task<(int Code, string[] Lines)> RebuildAsync(params string[] options)
    {
        await using var run = Start(options);
        var code = await run.ExitAsync();
        Assert.Empty(run.Errors);
        var lines = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return (code, [.. lines.Select(line => System.Text.RegularExpressions.Regex.Replace(line, @"in [0-9.]+ s\.$", "in N s."))]);
    }

    private HostRun Start(params string[] options) => Start(options, []);

    private HostRun StartWith(params (string Name, string Value)[] environment) => Start([], environment);

    private HostRun Start(string[] options, (string Name, string Value)[] environment) => HostRun.Start(
        folder,
        ["rebuild", "requirements.txt", "--no-index", "--find-links", DebianPython.Wheels, "--find-links", "my sources", .. options.Contains("--out") ? [] : new[] { "--out", "out" }, .. options],
        [("BUILD_PYTHON", DebianPython.Program), ("RECIPES", "suggest"), .. environment]);
}
