namespace Refinery.Contract;

/// <summary>One source archive to build, and within which bounds.</summary>
public sealed record BuildTask
{
    /// <summary>Absolute path of the source archive on this machine.</summary>
    public required string Sdist { get; init; }

    /// <summary>Absolute path of the empty folder the wheel is to appear in.</summary>
    public required string Output { get; init; }

    /// <summary>Absolute path of this machine's interpreter for the target.</summary>
    public required string Python { get; init; }

    /// <summary>Absolute path of the attempt's folder; what is written there is removed with it.</summary>
    public required string Work { get; init; }

    /// <summary>What the build is known by: lower-case hex digits, never used again. Everything of the build should carry it.</summary>
    public required string Mark { get; init; }

    /// <summary>Tells what to run for a build whose files lie there: commands in order, each a program and its arguments; the first that fails ends the build.</summary>
    public required Func<BuildPlaces, IReadOnlyList<IReadOnlyList<string>>> Commands { get; init; }

    /// <summary>Where pip looks.</summary>
    public required BuildSources Sources { get; init; }

    /// <summary>How long all commands together may take.</summary>
    public required TimeSpan TimeLimit { get; init; }

    /// <summary>Python packages the build needs but does not declare; when there are any, the commands make <see cref="BuildPlaces.Environment"/>.</summary>
    public IReadOnlyList<string> PipRecipes { get; init; } = [];

    /// <summary>Environment settings from recipes, each <c>NAME=value</c>.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>Further environment of the build.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Memory in MiB; 0 is without limit.</summary>
    public int MemoryMegabytes { get; init; }

    /// <summary>Processors; 0 is without limit.</summary>
    public double Cpus { get; init; }

    /// <summary>True when the build may use the network, where the runner can keep it away.</summary>
    public bool HasNetwork { get; init; }

    /// <summary>The image that has the target's python3 with pip; null when none is set.</summary>
    public string? Image { get; init; }

    /// <summary>Adds <see cref="Settings"/> and <see cref="Variables"/> to an environment.</summary>
    /// <param name="environment">A setting whose name ends in <c>FLAGS</c> joins the value that is there, so that two recipes do not undo each other; any other takes its place.</param>
    public void AddTo(IDictionary<string, string> environment)
    {
        foreach (var setting in Settings)
        {
            var (name, value) = setting.Split('=', 2) is [var left, var right] ? (left, right) : (setting, string.Empty);
            environment[name] = name.EndsWith("FLAGS", StringComparison.Ordinal) && environment.TryGetValue(name, out var flags) ? $"{flags} {value}" : value;
        }

        foreach (var (name, value) in Variables)
        {
            environment[name] = value;
        }
    }
}

/// <summary>Where a build finds and leaves things, as its commands see them.</summary>
/// <param name="Python">The interpreter's program.</param>
/// <param name="Sdist">The source archive.</param>
/// <param name="Output">The folder the wheel is to appear in.</param>
/// <param name="Environment">The folder of a virtual environment, made when recipes need one.</param>
public sealed record BuildPlaces(string Python, string Sdist, string Output, string Environment);

/// <summary>How a build ended.</summary>
/// <param name="Code">The exit code of its last command; 128 plus the signal's number when a signal ended it, as shells count.</param>
/// <param name="TimedOut">True when the time limit ended it.</param>
/// <param name="Duration">From start to the end of its last process.</param>
public sealed record BuildExit(int Code, bool TimedOut, TimeSpan Duration)
{
    /// <summary>Exit code 0, within the time limit.</summary>
    public bool Succeeded => Code == 0 && !TimedOut;
}
