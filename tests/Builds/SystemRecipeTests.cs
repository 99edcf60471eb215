using Microsoft.Extensions.Options;
using Refinery.Builds;
using Refinery.Kernel.Work;

namespace Refinery.Tests.Builds;

/// <summary>A machine is changed by a recipe as little as can be, and never in silence.</summary>
public sealed class SystemRecipeTests
{
    [Theory]
    [InlineData("apt", "apt-get", "install -y --no-install-recommends --no-upgrade -- libyard-dev")]
    [InlineData("dnf", "dnf", "install -y -- libyard-dev")]
    public async Task Before_anything_is_installed_the_log_says_so_and_the_manager_is_told_to_upgrade_nothing(string manager, string name, string arguments)
    {
        using var programs = new TemporaryFolder();
        LinkAllButManagers(programs);
        var program = programs.File(name);
        await File.WriteAllTextAsync(program, $"#!/bin/sh\necho {name} \"$@\"\n");
        await Tool.RunAsync("chmod", "755", program);
        await using var yard = await BuildYard.StartAsync([("PATH", programs.Path)], ("RECIPES", "apply"));
        SourceArchive.WritePure(yard.Sources, "yardpure");

        await yard.BuildAsync(new { package = "yardpure", version = "1.0", recipes = new[] { $"{manager}:libyard-dev" } });

        var log = (await yard.LogAsync("yardpure")).Split('\n');
        var notice = Array.IndexOf(log, "Refinery installs missing system packages here, as RECIPES=apply asks.");
        var install = Array.FindIndex(log, line => line.StartsWith(name, StringComparison.Ordinal) && line.EndsWith(arguments, StringComparison.Ordinal));
        Assert.True(notice >= 0 && notice < install, string.Join('\n', log));
    }

    [Theory]
    [InlineData(null, "Refinery runs as root in a container, so it installs missing system packages here by itself; RECIPES=suggest makes it only name them.")]
    [InlineData("apply", "Refinery installs missing system packages here, as RECIPES=apply asks.")]
    public void Who_did_not_ask_for_installations_is_told_how_to_have_none(string? recipes, string notice)
    {
        Assert.Equal(notice, Policy(recipes, isRoot: true, isContainer: true).ApplyNotice);
    }

    [Theory]
    [InlineData(null, true, true, "apply")]
    [InlineData(null, true, false, "suggest")]
    [InlineData(null, false, true, "suggest")]
    [InlineData(null, false, false, "suggest")]
    [InlineData("off", true, true, "off")]
    [InlineData("apply", false, false, "apply")]
    public void Recipes_are_applied_unasked_for_root_in_a_container_alone(string? recipes, bool isRoot, bool isContainer, string mode) =>
        Assert.Equal(mode, Policy(recipes, isRoot, isContainer).Mode);

    /// <summary>The programs of this machine without the package managers, so that a test's own is the one that is found.</summary>
    private static void LinkAllButManagers(TemporaryFolder programs)
    {
        foreach (var program in Directory.EnumerateFiles("/usr/bin").Where(path => Path.GetFileName(path) is not ("apt-get" or "dnf")))
        {
            File.CreateSymbolicLink(programs.File(Path.GetFileName(program)), program);
        }
    }

    [Theory]
    [InlineData("process", true)]
    [InlineData("container", false)]
    [InlineData("kubernetes", false)]
    public void System_packages_are_installed_for_builds_that_run_here_alone(string runner, bool isHere) =>
        Assert.Equal(isHere, Policy("apply", isRoot: true, isContainer: true, runner).InstallsHere);

    private static RecipePolicy Policy(string? recipes, bool isRoot, bool isContainer, string runner = "process")
    {
        var options = Options.Create(new BuildOptions { Recipes = recipes, Runner = runner });
        var environment = new BuildEnvironment(new ProcessEnvironment(new Dictionary<string, string>()));
        return new RecipePolicy(options, environment, new Surroundings(isRoot, isContainer));
    }
}
