using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;
using Refinery.Contract;

namespace Refinery.KubernetesRunner;

/// <summary>Where the cluster's API server is, whom it is believed from, and who asks.</summary>
/// <param name="Server">Its address; ends in a slash.</param>
/// <param name="Namespace">The one that the account or the context names, else <c>default</c>.</param>
internal sealed record ClusterAccess(Uri Server, string Namespace)
{
    private const string AccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>Who may have signed the server's certificate; null for the machine's own authorities.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    /// <summary>The name the server's certificate must have; null for that of its address.</summary>
    public string? ServerName { get; init; }

    /// <summary>True when whoever answers is believed.</summary>
    public bool IsUnverified { get; init; }

    /// <summary>Null when a token says who asks.</summary>
    public X509Certificate2? ClientCertificate { get; init; }

    /// <summary>The token of this moment: an account's rotates, so each call reads it again. Null when a certificate says who asks.</summary>
    public Func<string?> Token { get; init; } = static () => null;

    /// <summary>What KUBECONFIG names, else the service account of the pod this process runs in.</summary>
    /// <param name="accountFolder">Where a pod finds its account.</param>
    /// <exception cref="PluginException">There is neither, or it cannot be used.</exception>
    public static ClusterAccess Read(IConfiguration configuration, string accountFolder = AccountFolder)
    {
        if (configuration["KUBECONFIG"] is { Length: > 0 } path)
        {
            return Kubeconfig.Read(path);
        }

        return configuration["KUBERNETES_SERVICE_HOST"] is { Length: > 0 } host
            ? OfAccount(host, configuration["KUBERNETES_SERVICE_PORT"] ?? "443", accountFolder)
            : throw new PluginException("BUILD_RUNNER is kubernetes, but KUBECONFIG is not set and this process runs in no pod; the path of a kubeconfig is expected.");
    }

    /// <summary>The certificates of a PEM text.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">There is none.</exception>
    public static X509Certificate2Collection Certificates(string pem)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPem(pem);
        return certificates.Count > 0 ? certificates : throw new System.Security.Cryptography.CryptographicException("It holds no certificate.");
    }

    private static ClusterAccess OfAccount(string host, string port, string folder)
    {
        try
        {
            var token = Path.Combine(folder, "token");
            _ = File.ReadAllText(token);
            return new ClusterAccess(
                new Uri(host.Contains(':', StringComparison.Ordinal) ? $"https://[{host}]:{port}/" : $"https://{host}:{port}/"),
                File.ReadAllText(Path.Combine(folder, "namespace")).Trim())
            {
                Authorities = Certificates(File.ReadAllText(Path.Combine(folder, "ca.crt"))),
                Token = () => File.ReadAllText(token).Trim(),
            };
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or UriFormatException or System.Security.Cryptography.CryptographicException)
        {
            throw new PluginException(
                $"The service account in '{folder}' cannot be used; a pod with automountServiceAccountToken is expected, or KUBECONFIG with the path of a kubeconfig.", fault);
        }
    }
}
