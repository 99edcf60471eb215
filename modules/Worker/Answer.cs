using System.Text.Json;
using Refinery.Kernel.Web;

namespace Refinery.Worker;

/// <summary>What the server said.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Text">The body.</param>
internal sealed record Answer(int Status, string Text)
{
    public bool IsGood => Status is >= 200 and < 300;

    /// <summary>Why it refused, in one sentence.</summary>
    public string Detail => TryReadDetail() ?? $"It answered with status {Status}.";

    /// <exception cref="ServerAwayException">The body is no such JSON: something between us and the server answered.</exception>
    public T Read<T>()
    {
        try
        {
            return JsonSerializer.Deserialize<T>(Text, RefineryJson.Options) ?? throw Odd(null);
        }
        catch (JsonException fault)
        {
            throw Odd(fault);
        }
    }

    private static ServerAwayException Odd(Exception? fault) => new("The server answered with something else than the work protocol's JSON.", fault);

    private string? TryReadDetail()
    {
        try
        {
            return JsonDocument.Parse(Text).RootElement.TextMember("detail");
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
