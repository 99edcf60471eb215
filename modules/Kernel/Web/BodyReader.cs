using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Refinery.Kernel.Web;

/// <summary>Reads a bounded body and turns it into a record, or says in one sentence why it cannot.</summary>
public static class BodyReader
{
    /// <summary>The whole body, cleaned of what cannot be kept.</summary>
    /// <exception cref="BodyException">It is larger than the request's limit (status 413).</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        try
        {
            using var buffer = new MemoryStream(request.ContentLength is { } length and < 1 << 20 ? (int)length : 4096);
            await request.Body.CopyToAsync(buffer, cancellationToken);
            return buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
        }
        catch (BadHttpRequestException fault) when (fault.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            var limit = request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize;
            throw new BodyException($"The body is larger than the limit of {limit} bytes.", fault) { Status = StatusCodes.Status413PayloadTooLarge };
        }
    }

    /// <summary>The record in the text.</summary>
    /// <exception cref="BodyException">The text is no JSON, or not of this shape.</exception>
    public static T Parse<T>(ReadOnlySpan<byte> json)
    {
        var text = json.ToArray();
        JsonText.Clean(text);
        try
        {
            return JsonSerializer.Deserialize<T>(text, RefineryJson.Options)
                ?? throw new BodyException($"The body is null; {JsonShape.Describe(typeof(T))} is expected.");
        }
        catch (JsonException fault)
        {
            throw new BodyException(BodyFault.Sentence(text, typeof(T), fault), fault);
        }
    }
}
