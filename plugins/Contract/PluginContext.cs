using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Refinery.Contract;

/// <summary>What the host hands a plugin when it opens.</summary>
/// <param name="Configuration">The host's settings; a plugin reads its own names, for example <c>QUEUE_FILE</c>.</param>
/// <param name="DataDirectory">An existing absolute folder for what must be kept (<c>DATA_DIR</c>).</param>
/// <param name="Clock">The only source of time.</param>
/// <param name="LoggerFactory">Where the plugin's log lines go.</param>
public sealed record PluginContext(
    IConfiguration Configuration,
    string DataDirectory,
    TimeProvider Clock,
    ILoggerFactory LoggerFactory);
