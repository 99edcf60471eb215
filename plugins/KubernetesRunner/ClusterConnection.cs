using System.Net.Http.Headers;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Refinery.KubernetesRunner;

/// <summary>Speaks HTTP with the API server; each answer has to begin within a time limit.</summary>
internal sealed class ClusterConnection(ClusterAccess access, TimeProvider clock) : IDisposable
{
    private const int BufferBytes = 32 * 1024;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    private readonly HttpClient http = new(Handler(access)) { BaseAddress = access.Server, Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>Reads a JSON object; null for anything else.</summary>
    public static JsonNode? Parse(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return JsonNode.Parse(utf8) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Sends a call and reads its answer.</summary>
    /// <exception cref="CallException">It was refused or not answered.</exception>
    public Task<JsonNode> SendAsync(ClusterCall call, CancellationToken cancellationToken) => WithinAsync(
        Limit,
        async stop =>
        {
            using var response = await OpenAsync(call, stop);
            return Parse(await response.Content.ReadAsByteArrayAsync(stop)) ?? throw Away("it answered something else than JSON");
        },
        cancellationToken);

    /// <summary>Sends a call whose answer goes on and on.</summary>
    /// <param name="silence">How long nothing may come.</param>
    /// <returns>Its bytes as they come; each piece is good until the next one is asked for.</returns>
    /// <exception cref="CallException">It was refused or not answered, or broke off before its end.</exception>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(ClusterCall call, TimeSpan silence, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var response = await WithinAsync(Limit, stop => OpenAsync(call, stop), cancellationToken);
        await using var content = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[BufferBytes];
        while (await WithinAsync(silence, stop => content.ReadAsync(buffer, stop).AsTask(), cancellationToken) is > 0 and var count)
        {
            yield return buffer.AsMemory(0, count);
        }
    }

    public void Dispose() => http.Dispose();

    private async Task<T> WithinAsync<T>(TimeSpan limit, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(limit, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            return await work(stop.Token);
        }
        catch (OperationCanceledException fault) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CallException(408, $"The cluster at {access.Server} cannot be reached: it did not answer in time.", fault);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or UnauthorizedAccessException)
        {
            throw Away(Reason(fault), fault);
        }
    }

    private async Task<HttpResponseMessage> OpenAsync(ClusterCall call, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(call.Method, call.Path);
        if (call.Body is { } body)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        }

        if (access.Token() is { Length: > 0 } token)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        // The handler checks the certificate's name against this one.
        request.Headers.Host = access.ServerName;
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw Refusal(call, (int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancellationToken));
        }
    }

    private CallException Refusal(ClusterCall call, int status, byte[] text)
    {
        var said = Parse(text)?["message"] is JsonValue message && message.TryGetValue<string>(out var words) ? words.ReplaceLineEndings(" ").TrimEnd('.') : $"status {status}";
        return new CallException(status, status switch
        {
            401 => $"The cluster at {access.Server} does not take the credentials ({said}); those of an account with the Role in README.md are expected.",
            403 => $"The cluster at {access.Server} does not allow to {call.Verb} {call.Resource} in namespace '{call.Namespace}' ({said}); README.md has the Role that is expected.",
            _ => $"The cluster at {access.Server} could not {call.Verb} {call.Resource} in namespace '{call.Namespace}': {said}.",
        });
    }

    private CallException Away(string why, Exception? fault = null) => new(0, $"The cluster at {access.Server} cannot be reached: {why}.", fault);

    /// <summary>What went wrong with TLS stands in the inner fault.</summary>
    private static string Reason(Exception fault) => (fault.InnerException ?? fault).Message.TrimEnd('.');

    private static SocketsHttpHandler Handler(ClusterAccess access)
    {
        var tls = new SslClientAuthenticationOptions();
        if (access.Authorities is { } authorities)
        {
            tls.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            tls.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }

        if (access.IsUnverified)
        {
            tls.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
        }

        if (access.ClientCertificate is { } certificate)
        {
            tls.ClientCertificateContext = SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true);
        }

        return new SocketsHttpHandler
        {
            SslOptions = tls,
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
    }
}

/// <summary>One request to the API server.</summary>
/// <param name="Verb">What is asked, as a Role names it: <c>create</c>, <c>list</c>, …</param>
/// <param name="Resource">Of what, as a Role names it: <c>jobs</c>, <c>pods/log</c>, …</param>
/// <param name="Path">Relative, with its query.</param>
internal sealed record ClusterCall(HttpMethod Method, string Verb, string Resource, string Namespace, string Path, JsonNode? Body = null);
