using System.Text;
using System.Text.Json;
using Refinery.Kernel.Journal;
using Refinery.Kernel.Web;

namespace Refinery.Tests.Kernel.Journal;

/// <summary>Members of a payload are found in its text as they are in the JSON that it was made of.</summary>
public class CanonicalObjectTests
{
    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"a":"one","b":2,"c":true,"d":false,"e":null,"f":[1,{"a":"inner"}],"g":{"a":"within","b":[{}]},"h":""}""")]
    [InlineData("""{"b":"a \"quoted\" \\ text","a":"é\u2028\ud83d\ude00","c":"\u0001"}""")]
    [InlineData("""{"a":-3,"b":9223372036854775807,"c":9223372036854775808,"d":1.5,"e":1e3,"f":-0}""")]
    [InlineData("""{"é":"far","a":"near","ab":"longer","":"nameless"}""")]
    [InlineData("""{ "b" : { "a" : "spaced" } , "a" : [ ] }""")]
    public void A_member_is_what_it_is_in_the_json(string payload)
    {
        var given = JsonElement.Parse(payload);
        var made = EventPayload.From(given).Made;

        Assert.Equal(CanonicalJson.ToBytes(given), made.Text);
        AssertSame(given, made);
        AssertSame(given, new CanonicalObject(made.Text.ToArray()));
    }

    [Fact]
    public void Of_a_text_of_others_the_last_member_of_a_name_counts_and_what_cannot_be_kept_is_replaced()
    {
        var found = new CanonicalObject(Encoding.UTF8.GetBytes("""{"a":"first","b":"\u0000\ud800","c":"é","\u0064":"escaped","a":"last"}"""));

        Assert.Equal("last", found.TextMember("a"));
        Assert.Equal("\ufffd\ufffd", found.TextMember("b"));
        Assert.Equal("é", found.TextMember("c"));
        Assert.Null(found.TextMember("d"));
    }

    [Fact]
    public void A_long_text_is_no_key()
    {
        var found = new EventPayload().Add("short", new string('k', 500)).Add("long", new string('k', 501)).Made;

        Assert.Equal(500, found.KeyMember("short")?.Length);
        Assert.Null(found.KeyMember("long"));
        Assert.Equal(501, found.TextMember("long")?.Length);
    }

    private static void AssertSame(JsonElement given, CanonicalObject found)
    {
        Assert.Equal(CanonicalJson.ToBytes(given), CanonicalJson.ToBytes(found.ToElement()));
        foreach (var name in new[] { "a", "b", "c", "d", "e", "f", "g", "h", "ab", "none", "" })
        {
            Assert.Equal(given.TextMember(name), found.TextMember(name));
            Assert.Equal(given.KeyMember(name), found.KeyMember(name));
            Assert.Equal(given.WholeMember(name), found.WholeMember(name));
            Assert.Equal(given.Member(name, JsonValueKind.True) is not null, found.IsTrue(name));
            Assert.Equal(given.Member(name, JsonValueKind.Object)?.TextMember("a"), found.Object(name)?.TextMember("a"));
            foreach (var kind in Enum.GetValues<JsonValueKind>())
            {
                Assert.Equal(given.Member(name, kind) is { } value ? CanonicalJson.ToBytes(value) : null, found.Member(name, kind) is { } member ? CanonicalJson.ToBytes(member) : null);
            }
        }
    }
}
