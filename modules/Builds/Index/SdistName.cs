using Refinery.Builds.Packages;
using Refinery.Kernel.Web;

namespace Refinery.Builds.Index;

/// <summary>Reads the file names of source archives: <c>name-version.tar.gz</c> or <c>.zip</c>, by PEP 625 and as they were before.</summary>
internal static class SdistName
{
    private static readonly string[] Endings = [".tar.gz", ".zip"];

    /// <summary>The version in a file name, or null when it is no source archive of the package.</summary>
    /// <param name="package">Compared normalised; old names may hold dashes of their own.</param>
    public static PepVersion? VersionOf(string fileName, string package)
    {
        var ending = Endings.FirstOrDefault(ending => fileName.EndsWith(ending, StringComparison.OrdinalIgnoreCase));
        if (ending is null)
        {
            return null;
        }

        var stem = fileName[..^ending.Length];
        var wanted = PackageName.Normalize(package);
        for (var dash = stem.IndexOf('-', StringComparison.Ordinal); dash > 0; dash = stem.IndexOf('-', dash + 1))
        {
            if (PackageName.Normalize(stem[..dash]) == wanted && PepVersion.TryParse(stem[(dash + 1)..]) is { } version)
            {
                return version;
            }
        }

        return null;
    }
}
