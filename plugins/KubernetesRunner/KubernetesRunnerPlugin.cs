using Refinery.Contract;

namespace Refinery.KubernetesRunner;

/// <summary>Builds in a cluster: each build is a Job made through the API server's REST interface.</summary>
public sealed class KubernetesRunnerPlugin : IBuildRunnerPlugin
{
    /// <inheritdoc/>
    public string Name => ClusterRunner.RunnerName;

    /// <inheritdoc/>
    public Task<IBuildRunner> OpenAsync(PluginContext context, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var access = ClusterAccess.Read(context.Configuration);
        var settings = RunnerSettings.Read(context.Configuration, access.Namespace);
        var cluster = new Cluster(new ClusterConnection(access, context.Clock), settings.Namespace);
        var files = new ServerFiles(settings, context.Clock);
        return Task.FromResult<IBuildRunner>(
            new ClusterRunner(cluster, files, settings, context.Clock, context.LoggerFactory.CreateLogger("Refinery.KubernetesRunner")));
    }
}
