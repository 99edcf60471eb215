using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Refinery.Tests.Artifacts;

/// <summary>Recomputes the signature of a request (AWS Signature Version 4, in the Authorization header) as S3 does.</summary>
internal static class S3Signature
{
    private const string Algorithm = "AWS4-HMAC-SHA256";

    /// <summary>The code of S3's refusal, or null when the request is signed with this secret and has just this body.</summary>
    public static string? Fault(HttpRequest request, byte[] body, string accessKey, string secret)
    {
        var words = request.Headers.Authorization.ToString().Replace(",", " ", StringComparison.Ordinal).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words is not [Algorithm, var credential, var signedHeaders, var signature])
        {
            return "AccessDenied";
        }

        var scope = credential["Credential=".Length..].Split('/', 2);
        if (scope[0] != accessKey)
        {
            return "InvalidAccessKeyId";
        }

        var contentSha256 = request.Headers["x-amz-content-sha256"].ToString();
        if (contentSha256 != "UNSIGNED-PAYLOAD" && contentSha256 != Hex(SHA256.HashData(body)))
        {
            return "XAmzContentSHA256Mismatch";
        }

        var canonical = Canonical(request, signedHeaders["SignedHeaders=".Length..], contentSha256);
        var text = $"{Algorithm}\n{request.Headers["x-amz-date"]}\n{scope[1]}\n{Hex(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}";
        var key = scope[1].Split('/').Aggregate(Encoding.UTF8.GetBytes($"AWS4{secret}"), (key, part) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part)));
        return signature == $"Signature={Hex(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)))}" ? null : "SignatureDoesNotMatch";
    }

    private static string Canonical(HttpRequest request, string signedHeaders, string contentSha256)
    {
        var target = request.HttpContext.Features.Get<IHttpRequestFeature>()!.RawTarget.Split('?', 2);
        var pairs = (target.Length > 1 ? target[1] : string.Empty).Split('&', StringSplitOptions.RemoveEmptyEntries);
        var query = pairs.Select(pair => pair.Contains('=', StringComparison.Ordinal) ? pair : $"{pair}=").Order(StringComparer.Ordinal);
        var headers = signedHeaders.Split(';').Select(name => $"{name}:{request.Headers[name].ToString().Trim()}\n");
        return $"{request.Method}\n{target[0]}\n{string.Join('&', query)}\n{string.Concat(headers)}\n{signedHeaders}\n{contentSha256}";
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
