using System.CommandLine;

namespace Refinery.Host.Commands;

/// <summary>The parser's help without its words about arguments of another program: what follows our options is settings, or nothing.</summary>
internal static class HelpText
{
    private const string Others = " [[--] <additional arguments>...]]";
    private const string OthersTitle = "Additional Arguments:";

    /// <summary>Prints the help of the verb.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> WriteAsync(ParseResult parse)
    {
        var text = new StringWriter();
        var code = await parse.InvokeAsync(new InvocationConfiguration { Output = text });
        await Console.Out.WriteLineAsync(Own(text.ToString(), parse.CommandResult.Command.Name));
        return code;
    }

    private static string Own(string text, string verb)
    {
        var own = text.Replace(Others, verb == RebuildCommand.Name ? string.Empty : " [--NAME value]...", StringComparison.Ordinal);
        var end = own.IndexOf(OthersTitle, StringComparison.Ordinal);
        return (end < 0 ? own : own[..end]).TrimEnd() + Environment.NewLine;
    }
}
