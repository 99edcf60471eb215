using System.Net.Http.Headers;
using System.Net.Http.Json;
using Microsoft.Extensions.Options;
using Refinery.Kernel.Web;

namespace Refinery.Worker;

/// <summary>Speaks HTTP with the server: each call carries the token and has a time limit.</summary>
internal sealed class ServerConnection : IDisposable
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(10);

    private readonly HttpClient http;
    private readonly TimeProvider clock;
    private readonly string address;

    public ServerConnection(IOptions<WorkerOptions> options, TimeProvider clock)
    {
        this.clock = clock;
        address = options.Value.ServerUrl;
        http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = ConnectLimit })
        {
            BaseAddress = options.Value.Server,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (options.Value.Token is { Length: > 0 } token)
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }
    }

    /// <summary>Posts JSON.</summary>
    /// <param name="path">Relative, its parts escaped.</param>
    /// <param name="limit">How long the server may take.</param>
    /// <exception cref="ServerAwayException">There is no answer that counts: try again.</exception>
    public async Task<Answer> PostAsync(string path, object body, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body, body.GetType(), options: RefineryJson.Options) };
        return await SendAsync(request, limit, cancellationToken);
    }

    /// <summary>Sends any request.</summary>
    /// <exception cref="ServerAwayException">There is no answer that counts: try again.</exception>
    public async Task<Answer> SendAsync(HttpRequestMessage request, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(limit, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop.Token);

            // An answer that has begun is read to its end even when the caller stops now: it may be a claim.
            var answer = new Answer((int)response.StatusCode, await response.Content.ReadAsStringAsync(late.Token));
            return answer.Status is 401 or 403 or 408 or 429 or >= 500
                ? throw new ServerAwayException($"The server at {address} does not serve this now: {answer.Detail}") { Status = answer.Status }
                : answer;
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            throw new ServerAwayException($"The server at {address} cannot be reached: {fault.Message.TrimEnd('.')}.", fault);
        }
        catch (OperationCanceledException fault) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ServerAwayException($"The server at {address} cannot be reached: it did not answer in time.", fault);
        }
    }

    public void Dispose() => http.Dispose();
}
