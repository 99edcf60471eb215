using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Refinery.Tests.KubernetesRunner;

/// <summary>A certificate authority of the test's own, with a certificate for a server on loopback and one for a client.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 root;
    private byte serial = 1;

    public TestAuthority()
    {
        var request = new CertificateRequest("CN=test cluster", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2));
    }

    /// <summary>The authority itself.</summary>
    public string Pem => root.ExportCertificatePem();

    /// <summary>Whether it signed this one.</summary>
    public bool Signed(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(certificate);
    }

    /// <summary>A server's certificate for 127.0.0.1, or for a name alone.</summary>
    public X509Certificate2 ForServer(string? name = null)
    {
        var names = new SubjectAlternativeNameBuilder();
        if (name is null)
        {
            names.AddIpAddress(IPAddress.Loopback);
        }
        else
        {
            names.AddDnsName(name);
        }

        var (certificate, own) = Sign("CN=api", "1.3.6.1.5.5.7.3.1", names.Build());
        return X509CertificateLoader.LoadPkcs12(certificate.CopyWithPrivateKey(own).Export(X509ContentType.Pkcs12), password: null);
    }

    /// <summary>A client's certificate and key, as PEM.</summary>
    public (string Certificate, string Key) ForClient()
    {
        var (certificate, own) = Sign("CN=builder,O=test", "1.3.6.1.5.5.7.3.2", extension: null);
        return (certificate.ExportCertificatePem(), own.ExportPkcs8PrivateKeyPem());
    }

    public void Dispose()
    {
        root.Dispose();
        key.Dispose();
    }

    private (X509Certificate2 Certificate, ECDsa Key) Sign(string subject, string usage, X509Extension? extension)
    {
        var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, own, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        if (extension is not null)
        {
            request.CertificateExtensions.Add(extension);
        }

        return (request.Create(root, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1), [serial++]), own);
    }
}
