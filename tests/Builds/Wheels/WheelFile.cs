using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace Refinery.Tests.Builds.Wheels;

/// <summary>A wheel in the making, good unless a test says otherwise.</summary>
internal sealed class WheelFile
{
    private readonly List<(string Path, string Text)> members;

    public WheelFile(string name = "six", string version = "1.0", string tag = "py3-none-any")
    {
        FileName = $"{name}-{version}-{tag}.whl";
        Info = $"{name}-{version}.dist-info";
        members =
        [
            ($"{name}.py", "x = 1\n"),
            ($"{Info}/METADATA", $"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nName: not a header\n"),
            ($"{Info}/WHEEL", $"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n"),
        ];
    }

    public string FileName { get; set; }

    public string Info { get; }

    /// <summary>Changes the text of RECORD; null leaves it out.</summary>
    public Func<string, string>? Record { get; set; } = record => record;

    public WheelFile Add(string path, string text)
    {
        members.Add((path, text));
        return this;
    }

    public WheelFile Replace(string path, string text)
    {
        Remove(path);
        return Add(path, text);
    }

    public WheelFile Remove(string path)
    {
        members.RemoveAll(member => member.Path == path);
        return this;
    }

    /// <summary>Writes it.</summary>
    /// <returns>Its path.</returns>
    public string Write(string folder)
    {
        var path = Path.Combine(folder, FileName);
        var lines = members.Select(member => $"{member.Path},sha256={Digest(member.Text)},{Encoding.UTF8.GetByteCount(member.Text)}\n");
        using var archive = ZipFile.Open(path, ZipArchiveMode.Create);
        var record = Record?.Invoke($"{string.Concat(lines)}{Info}/RECORD,,\n");
        foreach (var (name, text) in record is null ? members : [.. members, ($"{Info}/RECORD", record)])
        {
            using var writer = new StreamWriter(archive.CreateEntry(name).Open());
            writer.Write(text);
        }

        return path;
    }

    private static string Digest(string text) =>
        Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text))).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}
