using System.Security.Cryptography;

namespace Refinery.Artifacts;

/// <summary>The written form of a sha256.</summary>
internal static class Digest
{
    /// <summary>In hex digits.</summary>
    public const int Length = 64;

    /// <summary>The digest in lower case, or null when the text is none; so it is safe in a path.</summary>
    public static string? Read(string text) =>
        text.Length == Length && text.All(char.IsAsciiHexDigit) ? text.ToLowerInvariant() : null;

    /// <summary>The digest of all that a stream has left.</summary>
    public static async Task<string> OfAsync(Stream content, CancellationToken cancellationToken) =>
        Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken));
}
