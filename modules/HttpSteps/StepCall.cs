using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Refinery.Contract;

namespace Refinery.HttpSteps;

/// <summary>The request that asks a service to do one attempt of a step.</summary>
/// <remarks>
/// <c>webhook-id</c> is the step's id and the same at each attempt, so that a service knows what it has done already; the signature is
/// <c>v1,{base64 of HMAC-SHA256 over "{id}.{timestamp}.{body}"}</c>. Source: Standard Webhooks, "Signature scheme".
/// </remarks>
internal sealed class StepCall(IStepContext step, HttpStepTarget target)
{
    /// <param name="key">Null signs nothing.</param>
    public HttpRequestMessage Request(byte[]? key, DateTimeOffset now)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new
        {
            step_id = step.StepId,
            type = target.Type,
            attempt = step.Attempt,
            is_last_attempt = step.IsLastAttempt,
            args = step.Args,
            metadata = step.Metadata,
        });
        var timestamp = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var request = new HttpRequestMessage(HttpMethod.Post, target.Url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("webhook-id", step.StepId);
        request.Headers.Add("webhook-timestamp", timestamp);
        if (key is not null)
        {
            byte[] signed = [.. Encoding.UTF8.GetBytes($"{step.StepId}.{timestamp}."), .. body];
            request.Headers.Add("webhook-signature", $"v1,{Convert.ToBase64String(HMACSHA256.HashData(key, signed))}");
        }

        return request;
    }
}
