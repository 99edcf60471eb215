using Refinery.Kernel.Web;

namespace Refinery.Builds.Packages;

/// <summary>Reads one requirements file after the other and collects what they say.</summary>
internal sealed class RequirementsReader
{
    // A file that includes others many times over must end.
    private const int MaxLines = 100_000;
    private const int MaxFaults = 50;

    private readonly Stack<string> open = new();
    private readonly List<RequirementLine> requirements = [];
    private readonly List<RequirementLine> constraints = [];
    private readonly List<string> extraIndexUrls = [];
    private readonly List<string> findLinks = [];
    private readonly List<string> faults = [];
    private string? indexUrl;
    private bool noIndex;
    private bool allowPreReleases;
    private bool requireHashes;
    private int lines;

    public RequirementsFile ReadAll(string path)
    {
        ReadFile(path, isConstraints: false, from: null);
        RequireNoFault();
        if (requireHashes && requirements.Find(line => line.Hashes.Count == 0) is { } bare)
        {
            throw new RequirementsException(
                $"{bare.File}:{bare.Line}: {Errors.Quote(bare.Requirement.Name)} has no hash although --require-hashes is set; --hash=sha256:<64 hexadecimal digits> is expected.");
        }

        return new(requirements, constraints, new(indexUrl, extraIndexUrls, findLinks, noIndex, allowPreReleases));
    }

    private void ReadFile(string path, bool isConstraints, RequirementsPlace? from)
    {
        var full = Path.GetFullPath(path);
        if (open.Contains(full, StringComparer.Ordinal))
        {
            throw Fault(from, path, "includes itself; a file that does not lead back to this one is expected");
        }

        var read = LinesOf(path, from);
        open.Push(full);
        foreach (var (number, text) in RequirementsLines.Of(read))
        {
            if (++lines > MaxLines)
            {
                throw new RequirementsException($"{path}:{number}: {Errors.Quote(text)} is beyond {MaxLines} requirements; fewer includes are expected.");
            }

            TryLine(new(path, number, text), isConstraints);
        }

        open.Pop();
    }

    /// <summary>A wrong line is remembered, so that all of them are told at once.</summary>
    private void TryLine(RequirementsPlace place, bool isConstraints)
    {
        try
        {
            ReadLine(place, isConstraints);
        }
        catch (RequirementsException fault)
        {
            faults.Add(fault.Message);
        }
    }

    private void RequireNoFault()
    {
        if (faults.Count > 0)
        {
            var rest = faults.Count > MaxFaults ? $"{Environment.NewLine}{faults.Count - MaxFaults} more lines are wrong." : string.Empty;
            throw new RequirementsException(string.Join(Environment.NewLine, faults.Take(MaxFaults)) + rest);
        }
    }

    private static string[] LinesOf(string path, RequirementsPlace? from)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Fault(from, path, "cannot be read; the path of a requirements file is expected");
        }
    }

    private static RequirementsException Fault(RequirementsPlace? from, string path, string fault) =>
        from?.Fault($"{Errors.Quote(path)} {fault}") ?? new RequirementsException($"The requirements file {Errors.Quote(path)} {fault}.");

    private void ReadLine(RequirementsPlace place, bool isConstraints)
    {
        if (place.Text.Contains("${", StringComparison.Ordinal))
        {
            throw place.Fault($"{Errors.Quote(place.Text)} names an environment variable; the value itself is expected");
        }

        if (place.Text.StartsWith('-'))
        {
            ReadOptions(place);
        }
        else
        {
            (isConstraints ? constraints : requirements).Add(RequirementsLineParser.Read(place));
        }
    }

    private void ReadOptions(RequirementsPlace place)
    {
        var words = new Queue<string>(OptionWords.Split(place));
        while (words.TryDequeue(out var word))
        {
            ApplyOption(OptionWords.Read(word, words, place), place);
        }
    }

    private void ApplyOption((string Name, string Value) option, RequirementsPlace place)
    {
        switch (option.Name)
        {
            case "--requirement":
                ReadFile(Included(option.Value, place), isConstraints: false, place);
                break;
            case "--constraint":
                ReadFile(Included(option.Value, place), isConstraints: true, place);
                break;
            case "--index-url":
                indexUrl = option.Value;
                break;
            case "--extra-index-url":
                extraIndexUrls.Add(option.Value);
                break;
            case "--find-links":
                findLinks.Add(BesideFile(option.Value, place));
                break;
            case "--no-index":
                noIndex = true;
                break;
            case "--pre":
                allowPreReleases = true;
                break;
            case "--require-hashes":
                requireHashes = true;
                break;
            case "--no-binary" or "--prefer-binary":
                break; // everything is built from source here
            default:
                throw place.Fault($"the option {Errors.Quote(option.Name)} is not known here; -r, -c, --index-url, --extra-index-url, --find-links, --no-index or --hash is expected");
        }
    }

    private static string Included(string value, RequirementsPlace place) => value.Contains("://", StringComparison.Ordinal)
        ? throw place.Fault($"{Errors.Quote(place.Text)} includes a URL; the path of a file is expected")
        : Path.Combine(Path.GetDirectoryName(place.File) ?? "", value);

    private static string BesideFile(string value, RequirementsPlace place)
    {
        var beside = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(place.File)) ?? "", value));
        return !value.Contains("://", StringComparison.Ordinal) && Path.Exists(beside) ? beside : value;
    }
}
