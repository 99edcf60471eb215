using System.Collections.Concurrent;
using System.Data.Common;
using System.Linq.Expressions;
using System.Reflection;

namespace Refinery.Kernel.Storage;

/// <summary>Reads the properties of a parameter object by compiled getters and writes them into a command, once per type of object.</summary>
internal sealed class ParameterBinder
{
    private static readonly ConcurrentDictionary<Type, ParameterBinder> Binders = new();

    private readonly (string Name, Func<object, object?> Read)[] members;

    private ParameterBinder(Type type)
    {
        members = [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(property => (property.Name, Getter(type, property)))];
    }

    /// <summary>The binder of a type; made at first use.</summary>
    public static ParameterBinder Of(Type type) => Binders.GetOrAdd(type, static key => new ParameterBinder(key));

    /// <summary>Fills the command's parameters; makes them when the command is new or was last used with an object of another shape.</summary>
    public void Bind(DbCommand command, object parameters)
    {
        var list = command.Parameters;
        if (!Fits(list))
        {
            list.Clear();
            foreach (var (name, _) in members)
            {
                var parameter = command.CreateParameter();
                parameter.ParameterName = name;
                list.Add(parameter);
            }
        }

        for (var index = 0; index < members.Length; index++)
        {
            list[index].Value = ToSql(members[index].Read(parameters));
        }
    }

    private bool Fits(DbParameterCollection list)
    {
        if (list.Count != members.Length)
        {
            return false;
        }

        for (var index = 0; index < members.Length; index++)
        {
            if (list[index].ParameterName != members[index].Name)
            {
                return false;
            }
        }

        return true;
    }

    private static object ToSql(object? value) => value switch
    {
        null => DBNull.Value,
        string or long or int or double or byte[] => value,
        DateTimeOffset instant => Instant.Format(instant),
        bool flag => flag ? 1L : 0L,
        _ => throw new ArgumentException($"A parameter of type {value.GetType().Name} has no portable column type."),
    };

    private static Func<object, object?> Getter(Type type, PropertyInfo property)
    {
        var instance = Expression.Parameter(typeof(object));
        var read = Expression.Property(Expression.Convert(instance, type), property);
        return Expression.Lambda<Func<object, object?>>(Expression.Convert(read, typeof(object)), instance).Compile();
    }
}
