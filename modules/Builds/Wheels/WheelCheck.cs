using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Refinery.Builds.Packages;
using Refinery.Kernel.Web;

namespace Refinery.Builds.Wheels;

/// <summary>Checks that a wheel is what was asked for and holds what it says it holds.</summary>
/// <remarks>Source: PEP 427 and the core metadata specification.</remarks>
internal static class WheelCheck
{
    private const long MaxUnpackedBytes = 8L << 30;
    private const int MaxEntries = 200_000;
    private const int MaxTextBytes = 64 << 20;
    private const string Ending = ".dist-info";

    /// <summary>The first fault in one sentence, or null when the wheel is good.</summary>
    public static string? Inspect(string path, WheelWanted wanted)
    {
        var file = Path.GetFileName(path);
        if (WheelName.Parse(file) is not { } name)
        {
            return $"{file} is no wheel's name; name-version-python-abi-platform.whl is expected.";
        }

        try
        {
            using var archive = ZipFile.OpenRead(path);
            return Shape(archive, file) ?? DistInfo(archive, name, file) ?? Identity(archive, name, file, wanted) ?? Tags(archive, name, file, wanted) ?? Record(archive, file);
        }
        catch (Exception fault) when (fault is InvalidDataException or NotSupportedException)
        {
            return $"{file} is no readable archive.";
        }
    }

    private static string? Shape(ZipArchive archive, string file)
    {
        if (archive.Entries.Count > MaxEntries || archive.Entries.Sum(entry => entry.Length) > MaxUnpackedBytes)
        {
            return $"{file} unpacks to more than {MaxUnpackedBytes >> 30} GB or {MaxEntries} files.";
        }

        var unsafePath = archive.Entries.FirstOrDefault(entry => IsUnsafe(entry.FullName));
        return unsafePath is null ? null : $"{file} holds the unsafe path {Errors.Quote(unsafePath.FullName)}.";
    }

    private static bool IsUnsafe(string path) =>
        path.Length == 0 || path.StartsWith('/') || path.Contains('\0', StringComparison.Ordinal) || path.Contains('\\', StringComparison.Ordinal) || path.Split('/').Contains("..", StringComparer.Ordinal);

    /// <summary>Installers read the one folder that bears the wheel's name; a second would say other things to other readers.</summary>
    private static string? DistInfo(ZipArchive archive, WheelName name, string file)
    {
        var folders = archive.Entries.Select(entry => entry.FullName.Split('/')[0]).Where(folder => folder.EndsWith(Ending, StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).ToList();
        if (folders is not [var only])
        {
            return folders.Count == 0 ? $"{file} has no .dist-info folder." : $"{file} has {folders.Count} .dist-info folders; one is expected.";
        }

        return only[..^Ending.Length].Split('-') is [var distribution, var version]
            && PackageName.Normalize(distribution) == PackageName.Normalize(name.Distribution) && IsSame(version, name.Version)
            ? null
            : $"{file} holds {Errors.Quote(only)}; {Errors.Quote($"{name.Distribution}-{name.Version}{Ending}")} is expected.";
    }

    private static string? Identity(ZipArchive archive, WheelName name, string file, WheelWanted wanted)
    {
        if (Text(archive, "METADATA") is not { } metadata)
        {
            return $"{file} has no METADATA.";
        }

        var package = Header(metadata, "Name").FirstOrDefault() ?? string.Empty;
        var version = Header(metadata, "Version").FirstOrDefault() ?? string.Empty;
        if (PackageName.Normalize(package) != PackageName.Normalize(wanted.Package) || PackageName.Normalize(name.Distribution) != PackageName.Normalize(package))
        {
            return $"{file} is a wheel of {Errors.Quote(package)}; {Errors.Quote(wanted.Package)} was asked for.";
        }

        return IsSame(version, wanted.Version) && IsSame(version, name.Version)
            ? null
            : $"{file} has the version {Errors.Quote(version)}; {Errors.Quote(wanted.Version)} was asked for.";
    }

    private static bool IsSame(string left, string right) =>
        left == right || (PepVersion.TryParse(left.Replace('_', '+')) is { } first && PepVersion.TryParse(right.Replace('_', '+')) is { } second && first == second);

    private static string? Tags(ZipArchive archive, WheelName name, string file, WheelWanted wanted)
    {
        if (Text(archive, "WHEEL") is not { } wheel)
        {
            return $"{file} has no WHEEL file.";
        }

        if (!Header(wheel, "Tag").ToHashSet(StringComparer.Ordinal).SetEquals(name.Tags))
        {
            return $"{file} says {string.Join(", ", Header(wheel, "Tag"))} inside; its name says {string.Join(", ", name.Tags)}.";
        }

        if (wanted.PythonTag is { } python && !WheelTags.FitPython(name, python))
        {
            return $"{file} does not run on {python}.";
        }

        return wanted.PlatformTag is { } platform && !WheelTags.FitPlatform(name, platform) ? $"{file} does not run on {platform}." : null;
    }

    private static string? Record(ZipArchive archive, string file)
    {
        if (Text(archive, "RECORD") is not { } record)
        {
            return $"{file} has no RECORD.";
        }

        var promised = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in record.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var fields = CsvLine.Split(line);
            promised[fields[0]] = fields.Count > 1 ? fields[1] : string.Empty;
        }

        foreach (var entry in archive.Entries.Where(entry => !entry.FullName.EndsWith('/')))
        {
            if (Fault(entry, promised, file) is { } fault)
            {
                return fault;
            }

            promised.Remove(entry.FullName);
        }

        return promised.Count == 0 ? null : $"{file} lacks {Errors.Quote(promised.Keys.First())}, which its RECORD names.";
    }

    private static string? Fault(ZipArchiveEntry entry, Dictionary<string, string> promised, string file)
    {
        var isExempt = entry.FullName.EndsWith(".dist-info/RECORD", StringComparison.Ordinal)
            || entry.FullName.EndsWith(".dist-info/RECORD.jws", StringComparison.Ordinal)
            || entry.FullName.EndsWith(".dist-info/RECORD.p7s", StringComparison.Ordinal);
        if (isExempt)
        {
            return null;
        }

        if (!promised.TryGetValue(entry.FullName, out var digest))
        {
            return $"{file} holds {Errors.Quote(entry.FullName)}, which its RECORD does not name.";
        }

        return digest == Digest(entry) ? null : $"{file} holds {Errors.Quote(entry.FullName)} with another digest than its RECORD names.";
    }

    private static string Digest(ZipArchiveEntry entry)
    {
        using var content = entry.Open();
        return "sha256=" + Convert.ToBase64String(SHA256.HashData(content)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
    }

    /// <summary>A text of the one .dist-info folder; null when it is absent or beyond every measure.</summary>
    private static string? Text(ZipArchive archive, string member)
    {
        var entry = archive.Entries.FirstOrDefault(entry => entry.Name == member && entry.FullName.Split('/') is [var folder, _] && folder.EndsWith(Ending, StringComparison.Ordinal));
        if (entry is null || entry.Length > MaxTextBytes)
        {
            return null;
        }

        using var reader = new StreamReader(entry.Open(), Encoding.UTF8);
        return reader.ReadToEnd();
    }

    private static IEnumerable<string> Header(string text, string name) => text.Split('\n')
        .TakeWhile(line => line.TrimEnd('\r').Length > 0)
        .Where(line => line.StartsWith($"{name}:", StringComparison.OrdinalIgnoreCase))
        .Select(line => line[(name.Length + 1)..].Trim());
}

/// <summary>What a wheel must be.</summary>
/// <param name="PythonTag">Null for any.</param>
/// <param name="PlatformTag">Null for any.</param>
internal sealed record WheelWanted(string Package, string Version, string? PythonTag, string? PlatformTag);
