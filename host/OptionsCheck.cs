using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using Microsoft.Extensions.Options;
using Refinery.Kernel.Web;

namespace Refinery.Host;

/// <summary>Looks through every options class that is registered, so that a person sees all faults of his settings at once.</summary>
internal static class OptionsCheck
{
    /// <summary>Binds and validates each options class of ours.</summary>
    /// <exception cref="StartupException">One sentence a fault, each naming its variable.</exception>
    public static void Run(IServiceCollection services, IConfiguration configuration)
    {
        var faults = Classes(services).SelectMany(type => Faults(type, configuration)).Distinct(StringComparer.Ordinal).ToList();
        if (faults.Count > 0)
        {
            throw new StartupException(string.Join(Environment.NewLine, faults));
        }
    }

    /// <summary>The options classes of ours that are bound to the configuration.</summary>
    public static IReadOnlyList<Type> Classes(IServiceCollection services) =>
    [
        .. services
            .Where(service => service.ServiceType.IsGenericType && service.ServiceType.GetGenericTypeDefinition() == typeof(IConfigureOptions<>))
            .Select(service => service.ServiceType.GetGenericArguments()[0])
            .Where(type => type.Namespace?.StartsWith("Refinery.", StringComparison.Ordinal) == true)
            .Distinct(),
    ];

    private static IEnumerable<string> Faults(Type type, IConfiguration configuration)
    {
        var (readable, faults) = (new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase), new List<string>());
        foreach (var property in type.GetProperties())
        {
            if (property.GetCustomAttribute<ConfigurationKeyNameAttribute>()?.Name is not { } name || configuration[name] is not { } value)
            {
                continue;
            }

            if (TypeDescriptor.GetConverter(property.PropertyType).IsValid(value))
            {
                readable.Add(name, value);
            }
            else
            {
                faults.Add($"{name} is {Errors.Quote(value)}; {Expected(property.PropertyType)} is expected.");
            }
        }

        return faults.Concat(Invalid(type, readable));
    }

    /// <summary>What is wrong with the values that could be read; the others stand at their defaults here.</summary>
    private static IEnumerable<string> Invalid(Type type, Dictionary<string, string?> readable)
    {
        var options = Activator.CreateInstance(type) ?? throw new InvalidOperationException($"{type} cannot be created.");
        new ConfigurationBuilder().AddInMemoryCollection(readable).Build().Bind(options);
        var context = new ValidationContext(options);
        List<ValidationResult> invalid = [];
        Validator.TryValidateObject(options, context, invalid, validateAllProperties: true);

        // The validator leaves these out when a single value is wrong.
        invalid.AddRange((options as IValidatableObject)?.Validate(context) ?? []);
        return invalid.Select(fault => fault.ErrorMessage ?? $"{type.Name} is wrong.");
    }

    private static string Expected(Type type) => Type.GetTypeCode(Nullable.GetUnderlyingType(type) ?? type) switch
    {
        TypeCode.Int32 or TypeCode.Int64 => "a whole number",
        TypeCode.Double => "a number",
        TypeCode.Boolean => "true or false",
        _ => "another value",
    };
}
