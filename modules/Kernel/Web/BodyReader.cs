using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Refinery.Kernel.Web;

/// <summary>Reads a bounded body and turns it into a record, or says in one sentence why it cannot.</summary>
public static class BodyReader
{
    /// <summary>The whole body, as it was sent.</summary>
    /// <exception cref="BodyException">It is larger than the request's limit (status 413).</exception>
    public static async Task<Memory<byte>> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
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
    /// <param name="json">UTF-8; what cannot be kept is replaced in place.</param>
    /// <exception cref="BodyException">The text is no UTF-8, no JSON, or not of this shape.</exception>
    public static T Parse<T>(Span<byte> json)
    {
        // The serializer leaves a free JSON value unread, so bad bytes in one would be found only where it is stored.
        if (!Utf8.IsValid(json))
        {
            throw new BodyException($"The body is not valid UTF-8; {JsonShape.Describe(typeof(T))} in UTF-8 is expected.");
        }

        JsonText.Clean(json);
        try
        {
            return JsonSerializer.Deserialize<T>(json, RefineryJson.Incoming)
                ?? throw new BodyException($"The body is null; {JsonShape.Describe(typeof(T))} is expected.");
        }
        catch (JsonException fault)
        {
            throw new BodyException(BodyFault.Sentence(json.ToArray(), typeof(T), fault), fault);
        }
    }
}
