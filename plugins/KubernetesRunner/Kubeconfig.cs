using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Refinery.Contract;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Refinery.KubernetesRunner;

/// <summary>Reads a kubeconfig: the cluster, user and namespace of its current context.</summary>
/// <remarks>Source: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/. JSON is YAML too.</remarks>
internal sealed class Kubeconfig
{
    private readonly string path;
    private readonly YamlMappingNode root;

    private Kubeconfig(string path, YamlMappingNode root)
    {
        this.path = path;
        this.root = root;
    }

    /// <exception cref="PluginException">It cannot be read, or asks for what is not supported here.</exception>
    public static ClusterAccess Read(string path)
    {
        if (path.Contains(Path.PathSeparator, StringComparison.Ordinal))
        {
            throw new PluginException($"KUBECONFIG names several files ('{path}'); one is expected, as kubectl config view --raw --flatten writes it.");
        }

        try
        {
            using var text = File.OpenText(path);
            var yaml = new YamlStream();
            yaml.Load(text);
            return yaml.Documents is [{ RootNode: YamlMappingNode root }, ..]
                ? new Kubeconfig(Path.GetFullPath(path), root).Access()
                : throw new PluginException($"KUBECONFIG '{path}' is no kubeconfig; a YAML or JSON mapping is expected.");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new PluginException($"KUBECONFIG '{path}' or a file that it names cannot be read; a kubeconfig that this user may read is expected.", fault);
        }
        catch (YamlException fault)
        {
            throw new PluginException($"KUBECONFIG '{path}' is no YAML: line {fault.Start.Line} cannot be read.", fault);
        }
        catch (Exception fault) when (fault is CryptographicException or FormatException)
        {
            throw new PluginException($"KUBECONFIG '{path}' holds a certificate, a key or an address that cannot be used; PEM, or base64 of it in the -data fields, is expected.", fault);
        }
    }

    private ClusterAccess Access()
    {
        var current = Text(root, "current-context") ?? throw Fault("has no current-context; kubectl config use-context sets it");
        var context = Named("contexts", "context", current);
        var cluster = Named("clusters", "cluster", Text(context, "cluster") ?? string.Empty);
        var user = Named("users", "user", Text(context, "user") ?? string.Empty);
        var server = Text(cluster, "server") is { } address && Uri.TryCreate(address.TrimEnd('/') + "/", UriKind.Absolute, out var url) && url.Scheme is "https" or "http"
            ? url
            : throw Fault("names no server of http or https for its cluster");
        RequireStatic(user);
        return new ClusterAccess(server, Text(context, "namespace") ?? "default")
        {
            Authorities = Pem(cluster, "certificate-authority") is { } authorities ? ClusterAccess.Certificates(authorities) : null,
            ServerName = Text(cluster, "tls-server-name"),
            IsUnverified = Text(cluster, "insecure-skip-tls-verify") == "true",
            ClientCertificate = Pem(user, "client-certificate") is { } certificate
                ? X509Certificate2.CreateFromPem(certificate, Pem(user, "client-key") ?? throw Fault("has a client-certificate without its client-key"))
                : null,
            Token = Token(user),
        };
    }

    /// <summary>Programs that fetch credentials are not run: what they would do here is anybody's guess.</summary>
    private void RequireStatic(YamlMappingNode user)
    {
        foreach (var name in (string[])["exec", "auth-provider", "username"])
        {
            if (Find(user, name) is not null)
            {
                throw Fault($"uses '{name}' for its user; token, tokenFile or client-certificate with client-key is expected, for example a service account's token");
            }
        }
    }

    private Func<string?> Token(YamlMappingNode user)
    {
        if (Text(user, "tokenFile") is not { } file)
        {
            var token = Text(user, "token");
            return () => token;
        }

        var full = Full(file);
        _ = File.ReadAllText(full);
        return () => File.ReadAllText(full).Trim();
    }

    private YamlMappingNode Named(string list, string kind, string name) =>
        (Find(root, list) as YamlSequenceNode)?.OfType<YamlMappingNode>().FirstOrDefault(entry => Text(entry, "name") == name) is { } found
        && Find(found, kind) is YamlMappingNode value
            ? value
            : throw Fault($"has no {kind} named '{name}'");

    /// <summary>The PEM text of a field: in itself, as base64 under <c>-data</c>, or in the file it names; <c>-data</c> wins.</summary>
    private string? Pem(YamlMappingNode node, string field) =>
        Text(node, $"{field}-data") is { } data ? Encoding.ASCII.GetString(Convert.FromBase64String(data))
        : Text(node, field) is { } file ? File.ReadAllText(Full(file))
        : null;

    /// <summary>Paths are relative to the kubeconfig's folder.</summary>
    private string Full(string file) => Path.GetFullPath(file, Path.GetDirectoryName(path) ?? "/");

    private static YamlNode? Find(YamlMappingNode node, string name) => node.Children.TryGetValue(new YamlScalarNode(name), out var value) ? value : null;

    private static string? Text(YamlMappingNode node, string name) => Find(node, name) is YamlScalarNode { Value: { Length: > 0 } text } ? text : null;

    private PluginException Fault(string what) => new($"KUBECONFIG '{path}' {what}.");
}
