using System.Text.Json;
using Refinery.Kernel.Web;

namespace Refinery.Tests.Kernel.Web;

/// <summary>What others wrote is read as far as it can be, and never fails.</summary>
public sealed class JsonMembersTests
{
    [Theory]
    [InlineData("""{"a":"x"}""", "x")]
    [InlineData("""{"a":"\u00e9\n\ud83d\ude00"}""", "é\n😀")]
    [InlineData("""{"a":"x\ud800"}""", "x\uFFFD")]
    [InlineData("""{"a":"\u0000"}""", "\uFFFD")]
    [InlineData("""{"a":1}""", null)]
    [InlineData("""{"b":"x"}""", null)]
    [InlineData("""["a"]""", null)]
    public void A_text_is_read_or_there_is_none(string json, string? expected) =>
        Assert.Equal(expected, JsonElement.Parse(json).TextMember("a"));
}
