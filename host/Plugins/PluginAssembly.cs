using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Refinery.Host.Plugins;

/// <summary>An assembly that references the plugin contract, known from its metadata: nothing of it has run or been loaded yet.</summary>
/// <param name="Path">Its file, absolute.</param>
/// <param name="Contract">The version of Refinery.Contract it was built against.</param>
internal sealed record PluginAssembly(string Path, Version Contract)
{
    private const string ContractName = "Refinery.Contract";

    public string FileName => System.IO.Path.GetFileName(Path);

    /// <summary>The folder's assemblies that reference the contract, by file name; native libraries and private packages are passed over.</summary>
    /// <param name="unreadable">The first <c>.dll</c> that is neither an assembly nor a native library; null when there is none.</param>
    public static IReadOnlyList<PluginAssembly> FindIn(string folder, out string? unreadable)
    {
        unreadable = null;
        List<PluginAssembly> found = [];
        foreach (var file in Directory.EnumerateFiles(folder, "*.dll").Order(StringComparer.Ordinal))
        {
            try
            {
                if (ReadContractVersion(file) is { } version)
                {
                    found.Add(new(file, version));
                }
            }
            catch (BadImageFormatException)
            {
                unreadable ??= System.IO.Path.GetFileName(file);
            }
        }

        return found;
    }

    private static Version? ReadContractVersion(string file)
    {
        using var image = new PEReader(File.OpenRead(file));
        if (!image.HasMetadata)
        {
            return null;
        }

        var metadata = image.GetMetadataReader();
        return metadata.AssemblyReferences
            .Select(metadata.GetAssemblyReference)
            .Where(reference => metadata.StringComparer.Equals(reference.Name, ContractName))
            .Select(reference => reference.Version)
            .FirstOrDefault();
    }
}
