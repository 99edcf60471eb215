using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel.Work;

namespace Refinery.Tests.Builds;

/// <summary>A requirements file becomes a plan for the target, or one sentence a fault.</summary>
public sealed class RebuildPlannerTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public RebuildPlannerTests()
    {
        foreach (var version in new[] { "1.0", "1.1", "2.0rc1" })
        {
            SourceArchive.WritePure(folder.File("sources"), "planned", version);
        }
    }

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("planned==1.0", "build planned 1.0")]
    [InlineData("Planned == 1.0 ; python_version >= '3.8'", "build Planned 1.0")]
    [InlineData("planned==2.0rc1", "build planned 2.0rc1")]
    [InlineData("planned==1.0; sys_platform == 'win32'", "skip planned ")]
    [InlineData("planned==1.0\nplanned==1.0", "build planned 1.0")]
    [InlineData("planned==1.0; python_version < '3'\nplanned==1.1; python_version >= '3'", "build planned 1.1|skip planned ")]
    public async Task Pinned_takes_exactly_what_is_named(string requirements, string expected) =>
        Assert.Equal(expected.Split('|'), await PlanAsync(requirements));

    [Theory]
    [InlineData("planned", "build planned 1.1")]
    [InlineData("planned<1.1", "build planned 1.0")]
    [InlineData("--pre\nplanned", "build planned 2.0rc1")]
    [InlineData("-c limits.txt\nplanned", "build planned 1.0")]
    public async Task Upgrade_takes_the_newest_that_fits(string requirements, string expected)
    {
        await File.WriteAllTextAsync(folder.File("limits.txt"), "planned<1.1\n");

        Assert.Equal([expected], await PlanAsync(requirements, ("STRATEGY", "upgrade")));
    }

    [Fact]
    public async Task A_folder_with_a_blank_in_a_requirements_file_is_planned_and_built_from()
    {
        await using var yard = await BuildYard.StartAsync();
        SourceArchive.WritePure(folder.File("my sources"), "yardblank");
        await File.WriteAllTextAsync(folder.File("requirements.txt"), "--find-links 'my sources'\nyardblank==1.0\n");

        var plan = await yard.Host.Services.GetRequiredService<IRebuildPlanner>().PlanAsync(folder.File("requirements.txt"), reuse: true, CancellationToken.None);
        await yard.BuildAsync(new { package = "yardblank", version = "1.0" });

        Assert.Equal("build", Assert.Single(plan.Nodes).Action);
        Assert.Equal("built", (await yard.WordsAsync("yardblank"))[^1]);
    }

    [Fact]
    public async Task A_plan_leaves_the_options_as_they_are_and_each_takes_its_own_file_s_sources()
    {
        await using var yard = await BuildYard.StartAsync();
        var planner = yard.Host.Services.GetRequiredService<IRebuildPlanner>();
        SourceArchive.WritePure(yard.Sources, "yardfirst");
        await File.WriteAllTextAsync(folder.File("first.txt"), "--find-links sources\nplanned==1.0\n");
        await File.WriteAllTextAsync(folder.File("second.txt"), "yardfirst==1.0\nplanned==1.0\n");

        await planner.PlanAsync(folder.File("first.txt"), reuse: true, CancellationToken.None);
        var fault = await Assert.ThrowsAsync<PlanException>(() => planner.PlanAsync(folder.File("second.txt"), reuse: true, CancellationToken.None));

        Assert.Contains("There is no sdist of planned", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_fault_is_told_at_once()
    {
        var fault = await Assert.ThrowsAsync<PlanException>(() => PlanAsync("planned\nplanned==9\nplanned==1.0\nplanned==1.1"));

        Assert.Equal(
            [
                "requirements.txt:1: planned has no exact version; name one, in a requirements file as planned==VERSION, or set STRATEGY=upgrade to take the newest.",
                "requirements.txt:2: There is no sdist of planned ==9 (found: 2.0rc1, 1.1, 1.0).",
                "requirements.txt:4: planned is asked for as 1.0 and as 1.1; leave one.",
            ],
            fault.Message.Split('\n').Select(line => line.Replace(folder.Path + "/", string.Empty, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task The_target_decides_tags_and_markers()
    {
        var plan = await PlanAsync(
            "planned==1.0; python_version == '3.12' and platform_machine == 's390x'", ("TARGET_PYTHON", "cp312"), ("TARGET_PLATFORM", "manylinux2014_s390x"));

        Assert.Equal(["build planned 1.0"], plan);
    }

    [Theory]
    [InlineData("/no/such/python", "The program '/no/such/python' is not installed.")]
    [InlineData("/bin/true", "The interpreter '/bin/true' does not describe itself; Python 3 is expected.")]
    [InlineData("/bin/false", "The interpreter '/bin/false' does not run: ")]
    public async Task An_interpreter_that_is_none_is_one_sentence(string program, string sentence)
    {
        var fault = await Assert.ThrowsAsync<PlanException>(() => PlanAsync("planned==1.0", ("BUILD_PYTHON", program)));

        Assert.Equal(sentence, fault.Message);
    }

    [Fact]
    public async Task A_stored_wheel_is_taken_again_for_the_same_source_only_and_not_by_force()
    {
        await using var yard = await BuildYard.StartAsync();
        var planner = yard.Host.Services.GetRequiredService<IRebuildPlanner>();
        await File.WriteAllTextAsync(folder.File("requirements.txt"), "yardagain==1.0\n");
        SourceArchive.WritePure(yard.Sources, "yardagain");
        await yard.BuildAsync(new { package = "yardagain", version = "1.0" });
        async Task<RebuildNode> NodeAsync(bool reuse) =>
            Assert.Single((await planner.PlanAsync(folder.File("requirements.txt"), reuse, CancellationToken.None)).Nodes);

        var same = await NodeAsync(reuse: true);
        var forced = await NodeAsync(reuse: false);
        SourceArchive.WriteExtension(yard.Sources, "yardagain", "1");
        var changed = await NodeAsync(reuse: true);

        Assert.Equal(("reuse", "build", "build"), (same.Action, forced.Action, changed.Action));
        Assert.Equal((await yard.EntryAsync("yardagain")).GetProperty("sha256").GetString(), same.Wheel?.Sha256);
    }

    private async Task<IEnumerable<string>> PlanAsync(string requirements, params (string Name, string Value)[] settings)
    {
        await File.WriteAllTextAsync(folder.File("requirements.txt"), requirements);
        await using var host = await RefineryHost.StartAsync([.. BuildYard.Settings(folder.File("sources")), .. settings]);

        var plan = await host.Services.GetRequiredService<IRebuildPlanner>().PlanAsync(folder.File("requirements.txt"), reuse: true, CancellationToken.None);

        return plan.Nodes.Select(node => $"{node.Action} {node.Name} {node.Version}");
    }
}
