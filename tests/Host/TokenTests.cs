using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Refinery.Tests.Host;

/// <summary>Who may read and write: every carrier of the token, right, wrong and absent, with open reads and with guarded ones.</summary>
public sealed class TokenTests
{
    private static readonly string[] Carriers = ["X-Worker-Token", "Bearer", "query", "cookie"];

    [Theory]
    [InlineData("open")]
    [InlineData("required")]
    public async Task One_valid_token_by_any_carrier_opens_writes_and_guarded_reads(string reads)
    {
        await using var host = await RefineryHost.StartAsync(("WORKER_TOKEN", "right token"), ("AUTH_READS", reads));
        var cases =
            from isWrite in new[] { false, true }
            from carrier in Carriers
            from token in new[] { "right token", "wrong", "right toke", "" }
            let isOpen = token == "right token" || (!isWrite && reads == "open")
            select (isWrite, carrier, token, Expected: isOpen ? HttpStatusCode.OK : HttpStatusCode.Unauthorized);

        var faults = new List<string>();
        foreach (var (isWrite, carrier, token, expected) in cases)
        {
            using var request = Request(isWrite, carrier, token);
            using var response = await host.Http.SendAsync(request);
            if (response.StatusCode != expected)
            {
                faults.Add($"{(isWrite ? "A write" : "A read")} with '{token}' as {carrier} answered {(int)response.StatusCode}.");
            }
        }

        Assert.Empty(faults);
    }

    [Fact]
    public async Task A_wrong_token_does_not_spoil_a_right_one_beside_it()
    {
        await using var host = await RefineryHost.StartAsync(("WORKER_TOKEN", "right token"));
        using var request = Request(isWrite: true, "cookie", "right token");
        request.Headers.Add("X-Worker-Token", "wrong");

        using var response = await host.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Over_https_the_cookie_is_secure()
    {
        using var folder = new TemporaryFolder();
        using var certificate = MakeCertificate();
        await File.WriteAllBytesAsync(folder.File("host.pfx"), certificate.Export(X509ContentType.Pkcs12, "pfx"));
        await using var host = await RefineryHost.StartAsync(
            ("WORKER_TOKEN", "right"),
            ("Kestrel:Endpoints:A:Url", "http://127.0.0.1:0"),
            ("Kestrel:Endpoints:B:Url", "https://127.0.0.1:0"),
            ("Kestrel:Endpoints:B:Certificate:Path", folder.File("host.pfx")),
            ("Kestrel:Endpoints:B:Certificate:Password", "pfx"));
        var addresses = host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        using var handler = new SocketsHttpHandler
        {
            SslOptions =
            {
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { certificate }, RevocationMode = X509RevocationMode.NoCheck,
                },
            },
        };
        using var http = new HttpClient(handler) { BaseAddress = new Uri(addresses.Single(address => address.StartsWith("https://", StringComparison.Ordinal))) };

        using var response = await http.PostAsync("/api/session/token?token=right", content: null);

        Assert.Equal("worker_token=right; path=/; secure; samesite=strict; httponly", Assert.Single(response.Headers.GetValues("Set-Cookie")));
    }

    private static HttpRequestMessage Request(bool isWrite, string carrier, string token)
    {
        var path = isWrite ? "/api/queue/clear" : "/api/recent";
        var request = new HttpRequestMessage(
            isWrite ? HttpMethod.Post : HttpMethod.Get, carrier == "query" ? $"{path}?token={Uri.EscapeDataString(token)}" : path);
        if (isWrite)
        {
            request.Content = new StringContent("{}", new MediaTypeHeaderValue("application/json"));
        }

        switch (carrier)
        {
            case "X-Worker-Token":
                request.Headers.Add("X-Worker-Token", token);
                break;
            case "Bearer":
                request.Headers.TryAddWithoutValidation("Authorization", $"bearer {token}");
                break;
            case "cookie":
                request.Headers.Add("Cookie", $"worker_token={Uri.EscapeDataString(token)}");
                break;
        }

        return request;
    }

    private static X509Certificate2 MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }
}
