using System.Text;
using Refinery.Kernel.Web;

namespace Refinery.Tests.Kernel.Web;

/// <summary>What cannot be kept is replaced, and nothing else is touched.</summary>
public sealed class JsonTextTests
{
    [Theory]
    [InlineData("""{"a":"x\u0000y"}""", """{"a":"x\ufffdy"}""")]
    [InlineData("""{"\u0000":[]}""", """{"\ufffd":[]}""")]
    [InlineData("""["\ud800","\udc00","\ud83d\ude00","\uD83D\uDE00"]""", """["\ufffd","\ufffd","\ud83d\ude00","\uD83D\uDE00"]""")]
    [InlineData("""["\ud800\ud83d\ude00","\ud800x","\ud800"]""", """["\ufffd\ud83d\ude00","\ufffdx","\ufffd"]""")]
    [InlineData("""["\\u0000","\\\u0000","\"\u0000"]""", """["\\u0000","\\\ufffd","\"\ufffd"]""")]
    [InlineData("""["\u00e9\n\/"]""", """["\u00e9\n\/"]""")]
    [InlineData("""["\u00""", """["\u00""")]
    [InlineData("""["\uzzzz","\u""", """["\uzzzz","\u""")]
    [InlineData("""["\""", """["\""")]
    [InlineData("", "")]
    public void Nul_and_half_surrogates_become_replacement_characters(string json, string expected)
    {
        var bytes = Encoding.UTF8.GetBytes(json);

        JsonText.Clean(bytes);

        Assert.Equal(expected, Encoding.UTF8.GetString(bytes));
    }

    [Fact]
    public async Task A_body_with_nul_characters_is_kept_without_them()
    {
        await using var host = await RefineryHost.StartAsync();
        const string body = """{"name":"a","version":"1","status":"built","detail":"b\u0000\ud800","metadata":{"\u0000":"\udfff"}}""";

        using var answer = await host.Http.PostAsync("/api/history", new StringContent(body, Encoding.UTF8, "application/json"));

        Assert.True(answer.IsSuccessStatusCode);
        var stored = (await host.GetAsync("/api/recent"))[0];
        Assert.Equal("b\uFFFD\uFFFD", stored.GetProperty("detail").GetString());
        Assert.Equal("\uFFFD", stored.GetProperty("metadata").GetProperty("\uFFFD").GetString());
    }
}
