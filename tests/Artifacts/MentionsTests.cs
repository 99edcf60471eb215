using Refinery.Artifacts;

namespace Refinery.Tests.Artifacts;

/// <summary>A digest is found wherever it stands in a text.</summary>
public sealed class MentionsTests
{
    private const string Sha = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData(Sha, true)]
    [InlineData("0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcDEF", true)]
    [InlineData($"\"sha256:{Sha}\"", true)]
    [InlineData($"x{Sha}.whl", true)]
    [InlineData($"ffff{Sha}ffff", true)]
    [InlineData("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde", false)]
    [InlineData("0123456789abcdef0123456789abcdef 0123456789abcdef0123456789abcdef", false)]
    [InlineData("", false)]
    public void Sixty_four_hex_digits_in_a_row_are_a_mention(string text, bool isMentioned)
    {
        var digests = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { Sha, new('f', 64) };

        Mentions.StrikeOut(text, digests);

        Assert.Equal(isMentioned ? 1 : 2, digests.Count);
        Assert.Equal(!isMentioned, digests.Contains(Sha));
    }
}
