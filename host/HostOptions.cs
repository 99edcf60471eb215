using System.ComponentModel.DataAnnotations;
using Npgsql;
using Refinery.Host.Web;

namespace Refinery.Host;

/// <summary>What the process itself needs to know.</summary>
internal sealed class HostOptions : IValidatableObject
{
    /// <summary>The folder of everything that is kept; made when absent. Default <c>./data</c>.</summary>
    [ConfigurationKeyName("DATA_DIR")]
    [Required(ErrorMessage = "DATA_DIR is empty; a folder is expected.")]
    public string DataDirectory { get; set; } = "data";

    /// <summary>The folder in which plugins are found, one folder each. Default: <c>plugins</c> beside the program.</summary>
    [ConfigurationKeyName("PLUGINS_DIR")]
    [Required(ErrorMessage = "PLUGINS_DIR is empty; a folder is expected.")]
    public string PluginsDirectory { get; set; } = Path.Combine(AppContext.BaseDirectory, "plugins");

    /// <summary>The Postgres, 15 or later, that holds the books; unset (default) for a file in the data directory.</summary>
    [ConfigurationKeyName("POSTGRES_DSN")]
    public string? PostgresDsn { get; set; }

    /// <summary>Another name for <c>POSTGRES_DSN</c>.</summary>
    [ConfigurationKeyName("LEVIATHAN_POSTGRES_URL")]
    public string? GraphPostgresUrl { get; set; }

    /// <summary>The queue plugin's name: <c>file</c> (default), <c>redis</c>, <c>kafka</c>, <c>postgres</c> or a foreign one.</summary>
    [ConfigurationKeyName("QUEUE_BACKEND")]
    [Required(ErrorMessage = "QUEUE_BACKEND is empty; the name of a queue plugin is expected, for example file.")]
    public string QueueBackend { get; set; } = "file";

    /// <summary>Seconds that running builds get to finish when the process is asked to stop; 0–3600, default 30.</summary>
    [ConfigurationKeyName("SHUTDOWN_GRACE_SEC")]
    [Range(0, 3600, ErrorMessage = "SHUTDOWN_GRACE_SEC must be 0 to 3600 seconds.")]
    public int ShutdownGraceSeconds { get; set; } = 30;

    /// <summary>Origins that browsers may call from, space-separated; empty (default) for none. <c>*</c> allows any, without cookies.</summary>
    [ConfigurationKeyName("CORS_ORIGINS")]
    public string CorsOrigins { get; set; } = string.Empty;

    /// <summary>Protects writes when set; default unset.</summary>
    [ConfigurationKeyName("WORKER_TOKEN")]
    public string? WorkerToken { get; set; }

    /// <summary><c>required</c> puts reads behind the worker token too; default <c>open</c>.</summary>
    [ConfigurationKeyName("AUTH_READS")]
    [RegularExpression("open|required", ErrorMessage = "AUTH_READS must be 'open' or 'required'.")]
    public string AuthReads { get; set; } = "open";

    /// <summary>Protects <c>/v1</c>; unset refuses every call there.</summary>
    [ConfigurationKeyName("LEVIATHAN_CONTROL_PLANE_TOKEN")]
    public string? GraphToken { get; set; }

    /// <summary>The origins, one by one.</summary>
    public IReadOnlyList<string> AllowedOrigins => CorsOrigins.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    /// <summary>What running builds get, and a little for everything after them.</summary>
    public TimeSpan StopLimit => TimeSpan.FromSeconds(ShutdownGraceSeconds + 15);

    /// <summary>Where the Postgres is; null for the embedded engine.</summary>
    /// <exception cref="FormatException">The setting cannot be read; the message does not show it, for it may hold a password.</exception>
    public NpgsqlConnectionStringBuilder? FindPostgres() => PostgresSettings.Read(string.IsNullOrWhiteSpace(PostgresDsn) ? GraphPostgresUrl : PostgresDsn);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        AllowedOrigins.Select(Cors.Fault).Append(PostgresFault()).OfType<string>().Select(fault => new ValidationResult(fault));

    private string? PostgresFault()
    {
        try
        {
            return FindPostgres() is not null && !string.IsNullOrWhiteSpace(PostgresDsn) && !string.IsNullOrWhiteSpace(GraphPostgresUrl) && PostgresDsn != GraphPostgresUrl
                ? "POSTGRES_DSN and LEVIATHAN_POSTGRES_URL name two places; one of them is expected."
                : null;
        }
        catch (FormatException fault)
        {
            return $"{(string.IsNullOrWhiteSpace(PostgresDsn) ? "LEVIATHAN_POSTGRES_URL" : "POSTGRES_DSN")} cannot be read: {fault.Message}.";
        }
    }
}
