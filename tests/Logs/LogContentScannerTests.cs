using System.Text;
using System.Text.Json;
using Refinery.Kernel.Web;
using Refinery.Logs;

namespace Refinery.Tests.Logs;

/// <summary>A body read as it arrives says what the same body says when it is read at once.</summary>
public sealed class LogContentScannerTests
{
    private static readonly string[] Contents =
    [
        "", "plain", "two\\nlines\\n", "tab\\t quote \\\" slash \\/ back\\\\", "\\u0041\\u00e9\\u2713", "\\ud83d\\udee0", "é✓🛠", "\\ud83d alone",
        "\\udee0 alone", "\\ud83d\\ud83d\\udee0", "\\u0000 nul", "\\b\\f\\r", "ends with a half \\ud83d",
    ];

    private static readonly string[] Bodies =
    [
        """{"name":"a","version":"1","content":"#"}""",
        """{"content":"#","name":"a","version":"1","attempt":2}""",
        "{ \"name\" : \"a\" ,\n \"version\":\"1\", \"content\" \t:\r\n \"#\" , \"run_id\":\"content\" }",
        """{"name":"a","version":"1","extra":{"content":"not this","b":[1,{"content":"nor this"}]},"content":"#"}""",
        """{"name":"content","version":"1","run_id":"\"content\":\"x\"","content":"#"}""",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Any_pieces_give_what_the_whole_gives(int seed)
    {
        var random = new Random(seed);
        foreach (var content in Contents)
        {
            foreach (var body in Bodies.Select(body => body.Replace("#", content, StringComparison.Ordinal)))
            {
                var (parsed, text) = Scan(Encoding.UTF8.GetBytes(body), random);

                Assert.Equal(Unescaped(content), text);
                Assert.True(parsed is { Name: "a", Version: "1" } or { Name: "content" });
            }
        }
    }

    [Fact]
    public void A_key_with_escapes_is_the_same_key()
    {
        var (_, text) = Scan("""{"name":"a","version":"1","\u0063ontent":"two\nlines"}"""u8.ToArray(), new Random(1));

        Assert.Equal("two\nlines", text);
    }

    [Theory]
    [InlineData("""{"name":"a","version":"1","content":"abc""")]
    [InlineData("""{"name":"a","version":"1","content":"a\x"}""")]
    [InlineData("""{"name":"a","version":"1","content":"a\u12g4"}""")]
    [InlineData("{\"name\":\"a\",\"version\":\"1\",\"content\":\"a\nb\"}")]
    [InlineData("""{"name":"a","version":"1","content":"a","content":"b"}""")]
    [InlineData("""{"name":"a","version":"1","content":5}""")]
    [InlineData("""{"name":"a","version":"1","content":null}""")]
    [InlineData("""{"name":"a","version":"1"}""")]
    [InlineData("""[{"name":"a","version":"1","content":"x"}]""")]
    [InlineData("")]
    [InlineData("nothing")]
    public void What_is_no_such_body_is_refused(string body) =>
        Assert.Throws<BodyException>(() => Scan(Encoding.UTF8.GetBytes(body), new Random(1)));

    private static (NewLogBody Body, string Text) Scan(byte[] body, Random random)
    {
        using var draft = new LogDraft(string.Empty);
        var scanner = new LogContentScanner(draft);
        for (var at = 0; at < body.Length;)
        {
            var length = Math.Min(body.Length - at, random.Next(1, 9));
            scanner.Add(body.AsSpan(at, length));
            at += length;
        }

        var rest = LogBodyReader.Finish(scanner, draft);
        _ = draft.Sha256;
        var text = new byte[draft.Length];
        draft.Read(0, text);
        return (rest, Encoding.UTF8.GetString(text));
    }

    private static string Unescaped(string content) => content switch
    {
        "\\ud83d alone" or "\\udee0 alone" => "\uFFFD alone",
        "\\ud83d\\ud83d\\udee0" => "\uFFFD🛠",
        "ends with a half \\ud83d" => "ends with a half \uFFFD",
        _ => JsonDocument.Parse($"\"{content}\"").RootElement.GetString()!.Replace('\0', '\uFFFD'),
    };
}
