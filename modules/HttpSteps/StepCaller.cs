using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Refinery.Kernel.Web;

namespace Refinery.HttpSteps;

/// <summary>Calls services, within the time limit.</summary>
internal sealed class StepCaller(HttpClient http, IOptions<HttpStepOptions> options, TimeProvider clock)
{
    private const int MostOfAnswer = 64 << 10;

    /// <summary>For the whole exchange.</summary>
    public TimeSpan TimeLimit => options.Value.TimeLimit;

    /// <summary>Makes a call and reads what is kept of its answer.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled, or the time was over.</exception>
    /// <exception cref="HttpRequestException">The service cannot be reached.</exception>
    /// <exception cref="IOException">The service broke off its answer.</exception>
    public async Task<ServiceAnswer> AskAsync(StepCall call, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(TimeLimit, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        using var request = call.Request(options.Value.Key, clock.GetUtcNow());
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop.Token);
        await using var body = await response.Content.ReadAsStreamAsync(stop.Token);
        var kept = new byte[MostOfAnswer];
        var length = await body.ReadAtLeastAsync(kept, kept.Length, throwOnEndOfStream: false, stop.Token);
        return new ServiceAnswer((int)response.StatusCode, Encoding.UTF8.GetString(kept, 0, length));
    }
}

/// <summary>What a service said.</summary>
/// <param name="Text">Its body, cut at 64 KiB.</param>
internal sealed record ServiceAnswer(int Status, string Text)
{
    private const int LongestDetail = 1000;

    /// <summary>The body's lines, for the log.</summary>
    public IEnumerable<string> Lines => Text.Split('\n').Select(line => line.TrimEnd('\r')).Where(line => line.Length > 0);

    /// <summary>The text member <c>detail</c> of a JSON object; null when there is none.</summary>
    public string? Detail
    {
        get
        {
            try
            {
                var answer = JsonElement.Parse(Text);
                return answer.ValueKind == JsonValueKind.Object && answer.TextMember("detail") is { Length: > 0 and <= LongestDetail } detail ? detail : null;
            }
            catch (JsonException)
            {
                return null;
            }
        }
    }
}
