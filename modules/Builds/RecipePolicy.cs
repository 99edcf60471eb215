using Microsoft.Extensions.Options;
using Refinery.Builds.Processes;

namespace Refinery.Builds;

/// <summary>Decides whether recipes are applied here, and knows this system's package manager.</summary>
internal sealed class RecipePolicy(IOptions<BuildOptions> options, BuildEnvironment environment, Surroundings surroundings)
{
    /// <summary><c>apply</c>, <c>suggest</c> or <c>off</c>.</summary>
    public string Mode => options.Value.Recipes ?? (surroundings is { IsRoot: true, IsContainer: true } ? "apply" : "suggest");

    /// <summary>Why system packages are installed, and how to have it otherwise; for those who never asked for it.</summary>
    public string ApplyNotice => options.Value.Recipes is null
        ? "Refinery runs as root in a container, so it installs missing system packages here by itself; RECIPES=suggest makes it only name them."
        : "Refinery installs missing system packages here, as RECIPES=apply asks.";

    /// <summary>True when recipes are installed and the build is tried again.</summary>
    public bool Applies => Mode == "apply";

    /// <summary>Whether system packages are installed here: not for builds elsewhere, whose packages are their image's.</summary>
    public bool InstallsHere => Applies && options.Value.Runner == "process";

    /// <summary><c>apt</c>, <c>dnf</c>, or null on a system with neither.</summary>
    public string? Manager => ProgramOf("apt") is not null ? "apt" : ProgramOf("dnf") is not null ? "dnf" : null;

    /// <summary>The path of a manager's program, or null when it is not installed.</summary>
    public string? ProgramOf(string manager) => Programs.Find(manager == "apt" ? "apt-get" : manager, environment.SearchPath);

    /// <summary>Whether another attempt with these recipes differs from the last.</summary>
    public bool Helps(IReadOnlyDictionary<string, IReadOnlyList<string>> recipes) =>
        Applies && (InstallsHere || recipes.Keys.Any(manager => manager is "pip" or "env"));

    /// <summary>The part of a recipe that works here and is not among those known already; empty when nothing is new.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> New(
        IReadOnlyDictionary<string, IReadOnlyList<string>> offered, IReadOnlyDictionary<string, IReadOnlyList<string>> known) =>
        offered
            .Where(recipe => recipe.Key == Manager || recipe.Key is "pip" or "env")
            .Select(recipe => KeyValuePair.Create(recipe.Key, Without(recipe.Value, known.GetValueOrDefault(recipe.Key, []))))
            .Where(recipe => recipe.Value.Count > 0)
            .ToDictionary(StringComparer.Ordinal);

    /// <summary>What a person would type, for example <c>apt-get install libyaml-dev</c>.</summary>
    public static string Sentence(IReadOnlyDictionary<string, IReadOnlyList<string>> recipes) => string.Join("; ", recipes.Select(recipe => recipe.Key switch
    {
        "apt" => $"apt-get install {string.Join(' ', recipe.Value)}",
        "env" => $"set {string.Join(' ', recipe.Value)}",
        _ => $"{recipe.Key} install {string.Join(' ', recipe.Value)}",
    }));

    private static IReadOnlyList<string> Without(IReadOnlyList<string> offered, IReadOnlyList<string> known) =>
        [.. offered.Except(known, StringComparer.Ordinal)];
}
