using Refinery.Contract;

namespace Refinery.Builds;

/// <summary>What pip is told to do for one build: a list of arguments each, never a line for a shell.</summary>
internal static class PipCommands
{
    /// <summary>The commands, in order; the wheel appears in the build's output folder.</summary>
    /// <param name="build">The interpreter, archive and folders as the commands see them, in a container or not.</param>
    /// <param name="recipes">Python packages the build needs but does not declare: they go into an environment of its own, beside all it does declare, and pip must not isolate again.</param>
    public static IReadOnlyList<IReadOnlyList<string>> Of(BuildPlaces build, IReadOnlyList<string> recipes)
    {
        if (recipes.Count == 0)
        {
            return [[build.Python, .. Wheel(build)]];
        }

        var python = $"{build.Environment}/bin/python";
        var source = $"{build.Environment}/source";
        return
        [
            [build.Python, "-m", "venv", build.Environment],
            [python, "-c", BuildRequirements.Declared, build.Sdist, source, .. recipes],
            [python, "-c", BuildRequirements.Asked, source],
            [python, .. Wheel(build), "--no-build-isolation"],
        ];
    }

    /// <summary>Verbose, because pip keeps the output of a build that succeeds to itself otherwise.</summary>
    private static string[] Wheel(BuildPlaces build) =>
        ["-m", "pip", "wheel", "--verbose", "--no-deps", "--no-cache-dir", "--progress-bar", "off", "--wheel-dir", build.Output, build.Sdist];
}
